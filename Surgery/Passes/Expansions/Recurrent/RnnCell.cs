namespace OnnxFineTune.Surgery;

/// <summary>H = f(X·Wᵀ + H·Rᵀ + b).</summary>
internal sealed class RnnCell(Node node, GraphBuilder b, RecurrentWeights weights, long hidden, Func<GraphBuilder, Value, Value> f)
    : RecurrentCell(node, b, weights, hidden)
{
    private readonly Value _r = b.Transpose(weights.R, 1, 0);

    /// <inheritdoc/>
    public override RecurrentState Step(Value x, RecurrentState before) => new(f(Op, Clipped(Sum(x, Recurrent(before.H, _r)))), null);
}
