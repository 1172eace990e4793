using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Adam as PyTorch's <c>Adam</c>: weight decay, if any, is added to the gradient (L2); see <see cref="AdamW"/> for decoupled decay.</summary>
/// <remarks>Kingma and Ba, arXiv:1412.6980, algorithm 1.</remarks>
public sealed record Adam : IOptimizer
{
    /// <summary>Decay of the mean of gradients, from 0 to below 1; default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients, from 0 to below 1; default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment, above 0; default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ, added to the gradient as λθ; 0 or more, default 0.</summary>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => AdamMoments.StateNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => AdamMoments.Validate(Beta1, Beta2, Epsilon, WeightDecay);

    /// <inheritdoc/>
    public IReadOnlyList<string> CoefficientNames => AdamMoments.CoefficientNames;

    /// <inheritdoc/>
    public void Coefficients(double learningRate, long step, Span<float> values) =>
        AdamMoments.Coefficients(learningRate, step, Beta1, Beta2, Epsilon, values);

    /// <inheritdoc/>
    public IReadOnlyList<Value> Build(GraphBuilder op, ParameterUpdate update)
    {
        Value gradient = WeightDecay == 0 ? update.Gradient : op.Add(update.Gradient, op.Mul(update.Parameter, op.Scalar(WeightDecay)));
        AdamMoments moments = AdamMoments.Build(op, update with { Gradient = gradient }, Beta1, Beta2);
        return [op.Sub(update.Parameter, moments.Move), moments.First, moments.Second];
    }
}
