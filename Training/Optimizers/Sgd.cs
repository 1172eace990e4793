using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Stochastic gradient descent as PyTorch's <c>SGD</c>: g ← g + λθ; b ← μb + g; θ ← θ − η·b, or η·(g + μb) with Nesterov's momentum.</summary>
/// <remarks>Momentum: Sutskever et al., ICML 2013. The buffer starts at zero, so it holds g after the first step.</remarks>
public sealed record Sgd : IOptimizer
{
    /// <summary>μ, from 0 (none, the default) to below 1.</summary>
    public double Momentum { get; init; }

    /// <summary>Looks ahead by the momentum; needs <see cref="Momentum"/> above 0.</summary>
    public bool Nesterov { get; init; }

    /// <summary>λ, added to the gradient as λθ; 0 or more, default 0.</summary>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => Momentum > 0 ? ["momentum"] : [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Below(nameof(Momentum), Momentum, 0, 1)
        .NotNegative(nameof(WeightDecay), WeightDecay)
        .Require(!Nesterov || Momentum > 0, "Nesterov needs a Momentum above 0, for example 0.9.").All;

    /// <inheritdoc/>
    public IReadOnlyList<Value> Build(GraphBuilder op, ParameterUpdate update)
    {
        Value gradient = WeightDecay == 0 ? update.Gradient : op.Add(update.Gradient, op.Mul(update.Parameter, op.Scalar(WeightDecay)));
        if (Momentum == 0)
            return [Move(op, update, gradient)];
        Value momentum = op.Scalar(Momentum);
        Value buffer = op.Add(op.Mul(update.State[0], momentum), gradient);
        return [Move(op, update, Nesterov ? op.Add(gradient, op.Mul(buffer, momentum)) : buffer), buffer];
    }

    private static Value Move(GraphBuilder op, ParameterUpdate update, Value direction) => op.Sub(update.Parameter, op.Mul(direction, update.Coefficients[0]));
}
