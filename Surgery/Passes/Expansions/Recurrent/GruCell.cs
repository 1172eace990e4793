namespace OnnxFineTune.Surgery;

/// <summary>
/// z, r = f(…), h = g(X·Whᵀ + (r⊙H)·Rhᵀ + b), H = (1 − z)⊙h + z⊙H; with <c>linear_before_reset</c>, h = g(X·Whᵀ + bw + r⊙(H·Rhᵀ + br)). Gates in the order z, r, h.
/// </summary>
internal sealed class GruCell : RecurrentCell
{
    private readonly bool _resetAfter;
    private readonly Func<GraphBuilder, Value, Value> _f, _g;
    private readonly Value _gates, _candidate;

    public GruCell(Node node, GraphBuilder b, RecurrentWeights weights, long hidden, Func<GraphBuilder, Value, Value> f, Func<GraphBuilder, Value, Value> g)
        : base(node, b, weights, hidden)
    {
        (_f, _g) = (f, g);
        _resetAfter = node.Attributes.Int("linear_before_reset") != 0;
        Value transposed = b.Transpose(weights.R, 1, 0);
        (_gates, _candidate) = _resetAfter ? (transposed, transposed) : Parts(transposed);
    }

    /// <inheritdoc/>
    public override RecurrentState Step(Value x, RecurrentState before)
    {
        (Value xGates, Value xCandidate) = Parts(x);
        (Value? hGates, Value? hCandidate) = _resetAfter ? AfterReset(before.H) : (Recurrent(before.H, _gates), null);
        IReadOnlyList<Value> gates = Op.Split(_f(Op, Clipped(Sum(xGates, hGates))), 1, Hidden, Hidden);
        (Value z, Value r) = (gates[0], gates[1]);
        hCandidate = _resetAfter ? Product(r, hCandidate) : Recurrent(Product(r, before.H), _candidate);
        Value candidate = _g(Op, Clipped(Sum(xCandidate, hCandidate)));
        Value difference = before.H is { } h ? Op.Sub(h, candidate) : Op.Neg(candidate);
        return new(Op.Add(candidate, Op.Mul(z, difference)), null);
    }

    /// <summary>The recurrent bias stands inside the product with r.</summary>
    protected override Value? OuterBias() => _resetAfter ? Weights.InputBias : base.OuterBias();

    private (Value? Gates, Value? Candidate) AfterReset(Value? h)
    {
        Value? all = Recurrent(h, _gates);
        if (Weights.RecurrentBias is { } bias)
            all = all is null ? Op.Unsqueeze(bias, 0) : Op.Add(all, bias);
        return all is null ? (null, null) : Parts(all);
    }

    /// <summary>Of z and r, and of h; along the last of two axes.</summary>
    private (Value Gates, Value Candidate) Parts(Value x)
    {
        IReadOnlyList<Value> parts = Op.Split(x, 1, 2 * Hidden, Hidden);
        return (parts[0], parts[1]);
    }
}
