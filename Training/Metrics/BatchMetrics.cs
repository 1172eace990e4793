namespace OnnxFineTune.Training;

/// <summary>Loss and accuracy over the batches of an engine.</summary>
/// <param name="kind">What the outputs mean.</param>
internal sealed class BatchMetrics(OutputKind kind)
{
    private readonly MeanLoss _loss = new();
    private readonly Accuracy _accuracy = new();

    /// <summary>Mean loss per example; NaN before the first batch.</summary>
    public double Loss => _loss.Value;

    /// <summary>Share of right answers; null where outputs are values.</summary>
    public double? Accuracy => kind == OutputKind.Values ? null : _accuracy.Value;

    /// <summary>Adds a batch.</summary>
    public void Add(StepResult result, Batch batch)
    {
        _loss.Add(result.Loss, batch.Count);
        if (kind == OutputKind.ClassLogits)
            _accuracy.AddClasses(result.Outputs.Span, ClassesOf(batch));
        else if (kind == OutputKind.LabelLogits)
            _accuracy.AddLabels(result.Outputs.Span, batch.Targets.Span, threshold: 0);
    }

    /// <summary>Class indices; of class probabilities the dominant ones.</summary>
    private static ReadOnlySpan<float> ClassesOf(Batch batch)
    {
        if (batch.Targets.Length == batch.Count)
            return batch.Targets.Span;
        float[] classes = new float[batch.Count];
        int width = batch.Targets.Length / batch.Count;
        for (int i = 0; i < classes.Length; i++)
            classes[i] = Training.Accuracy.LargestOf(batch.Targets.Span.Slice(i * width, width));
        return classes;
    }
}
