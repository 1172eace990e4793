using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Limits the global norm of all gradients, as PyTorch's <c>clip_grad_norm_</c>: each is scaled by min(1, MaxNorm / (‖g‖₂ + 1e-6)).</summary>
/// <remarks>Pascanu, Mikolov and Bengio, arXiv:1211.5063.</remarks>
public sealed record GradientClipping
{
    /// <summary>The largest norm that passes unchanged, above 0; default 1.</summary>
    public double MaxNorm { get; init; } = 1;

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors().Positive(nameof(MaxNorm), MaxNorm).All;

    /// <summary>Appends the clipping.</summary>
    /// <param name="op">Builds the graph.</param>
    /// <param name="gradients">All gradients, at least one.</param>
    /// <returns>The clipped gradients, in the same order.</returns>
    public IReadOnlyList<Value> Build(GraphBuilder op, IReadOnlyList<Value> gradients)
    {
        Value norm = op.Sqrt(op.Sum([.. gradients.Select(g => op.ReduceSumSquare(g, [], false))]));
        Value factor = op.Min(op.Div(op.Scalar(MaxNorm), op.Add(norm, op.Scalar(1e-6))), op.Scalar(1));
        return [.. gradients.Select(g => op.Mul(g, factor))];
    }
}
