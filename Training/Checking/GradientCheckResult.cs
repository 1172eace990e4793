using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What comparing all gradients with finite differences gave.</summary>
/// <param name="Loss">The loss at the parameters as they are.</param>
/// <param name="Precision">The type in which the loss was evaluated: float64 where the runtime has all operators in it, else float32.</param>
/// <param name="Noise">What rounding does to the loss, one standard deviation.</param>
/// <param name="Parameters">Every parameter, the worst first.</param>
public sealed record GradientCheckResult(double Loss, ElementType Precision, double Noise, IReadOnlyList<ParameterCheck> Parameters)
{
    /// <summary>Whether no gradient is wrong.</summary>
    public bool Passed => Parameters.All(p => p.Verdict != GradientVerdict.Wrong);

    /// <summary>How many gradients got this verdict.</summary>
    public int Count(GradientVerdict verdict) => Parameters.Count(p => p.Verdict == verdict);

    /// <summary>The worst few, a line each.</summary>
    public override string ToString() => string.Join('\n', Parameters.Take(8));
}
