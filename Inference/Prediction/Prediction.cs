namespace OnnxFineTune.Inference;

/// <summary>What a model says about one picture: the probability of every class, the most probable first.</summary>
public sealed class Prediction
{
    private const int ClassesInText = 5;

    /// <summary>A prediction from probabilities in output order.</summary>
    /// <exception cref="ArgumentException">There is no class, or not one label for each probability.</exception>
    public Prediction(IReadOnlyList<string> labels, ReadOnlySpan<float> probabilities)
    {
        if (probabilities.IsEmpty || labels.Count != probabilities.Length)
            throw new ArgumentException($"{labels.Count} labels do not name {probabilities.Length} classes.", nameof(labels));
        float[] values = probabilities.ToArray();
        Probabilities = values;
        Ranking = [.. Enumerable.Range(0, values.Length).Select(i => new ClassProbability(i, labels[i], values[i])).OrderByDescending(c => c.Probability)];
    }

    /// <summary>The most probable class.</summary>
    public ClassProbability Top => Ranking[0];

    /// <summary>All classes, the most probable first; equally probable ones in output order.</summary>
    public IReadOnlyList<ClassProbability> Ranking { get; }

    /// <summary>The probabilities in output order. They sum to 1, unless the model gives each class a probability of its own (Sigmoid).</summary>
    public IReadOnlyList<float> Probabilities { get; }

    /// <summary>For example <c>truck 97.3 %, automobile 2.7 %</c>; at most five classes.</summary>
    public override string ToString() => string.Join(", ", Ranking.Take(ClassesInText));
}
