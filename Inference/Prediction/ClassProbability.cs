namespace OnnxFineTune.Inference;

/// <summary>How probable one class is.</summary>
/// <param name="Index">Number of the class in the model's output.</param>
/// <param name="Label">Name of the class.</param>
/// <param name="Probability">0…1.</param>
public readonly record struct ClassProbability(int Index, string Label, float Probability)
{
    /// <summary>For example <c>truck 97.3 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Label} {Probability * 100:F1} %");
}
