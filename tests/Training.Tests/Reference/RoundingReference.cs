using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>PyTorch's float64 gradients, and what rounding does to its float32 ones: what <c>float64_gradients.py</c> writes.</summary>
/// <param name="Loss">The float64 loss.</param>
/// <param name="Exact">The float64 gradient of each parameter.</param>
/// <param name="Rounding">By parameter, the largest ‖float32 − float64‖ of several float32 evaluations with inputs that differ in the last place.</param>
internal sealed record RoundingReference(double Loss, IReadOnlyDictionary<string, TensorData> Exact, IReadOnlyDictionary<string, double> Rounding)
{
    /// <summary>The norm of the largest gradient.</summary>
    public double Largest => Exact.Values.Max(g => ReferenceComparison.Distance(null, g));
}
