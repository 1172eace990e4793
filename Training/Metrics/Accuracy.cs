namespace OnnxFineTune.Training;

/// <summary>Share of right answers over any number of batches.</summary>
public sealed class Accuracy
{
    private long _right;
    private long _total;

    /// <summary>Right answers over all, 0 to 1; NaN before the first.</summary>
    public double Value => _right / (double)_total;

    /// <summary>Counts a batch of single-class examples: right where the largest output is the class's.</summary>
    /// <param name="outputs">Logits or probabilities [N, C].</param>
    /// <param name="classes">Class indices [N].</param>
    public void AddClasses(ReadOnlySpan<float> outputs, ReadOnlySpan<float> classes)
    {
        int width = classes.Length == 0 ? 0 : outputs.Length / classes.Length;
        for (int i = 0; i < classes.Length; i++)
            if (LargestOf(outputs.Slice(i * width, width)) == (int)classes[i])
                _right++;
        _total += classes.Length;
    }

    /// <summary>Counts a batch of yes/no labels one by one: right where output and target lie on the same side of their thresholds.</summary>
    /// <param name="outputs">Logits or probabilities [N, C].</param>
    /// <param name="targets">0 or 1, [N, C]; yes from 0.5.</param>
    /// <param name="threshold">Yes above it: 0 for logits, 0.5 for probabilities.</param>
    public void AddLabels(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, float threshold)
    {
        for (int i = 0; i < targets.Length; i++)
            if (outputs[i] > threshold == targets[i] >= 0.5f)
                _right++;
        _total += targets.Length;
    }

    /// <summary>Index of the largest number, the first of equals.</summary>
    internal static int LargestOf(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
            if (values[i] > values[largest])
                largest = i;
        return largest;
    }
}
