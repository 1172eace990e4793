namespace OnnxFineTune.Surgery;

/// <summary>
/// i, f = f(… + P⊙C), c = g(…), C = f⊙C + i⊙c, o = f(… + P⊙C of this step), H = o⊙h(C); with <c>input_forget</c>, f = 1 − i. Gates in the order i, o, f, c, peepholes
/// in the order i, o, f.
/// </summary>
internal sealed class LstmCell : RecurrentCell
{
    private readonly bool _coupled;
    private readonly Func<GraphBuilder, Value, Value> _f, _g, _h;
    private readonly Value _r;
    private readonly IReadOnlyList<Value>? _peepholes;

    public LstmCell(Node node, GraphBuilder b, RecurrentWeights weights, long hidden, Func<GraphBuilder, Value, Value> f, Func<GraphBuilder, Value, Value> g, Func<GraphBuilder, Value, Value> h)
        : base(node, b, weights, hidden)
    {
        (_f, _g, _h) = (f, g, h);
        _coupled = node.Attributes.Int("input_forget") != 0;
        _r = b.Transpose(weights.R, 1, 0);
        _peepholes = weights.Peepholes is { } p ? b.Split(p, 0, hidden, hidden, hidden) : null;
    }

    /// <inheritdoc/>
    public override RecurrentState Step(Value x, RecurrentState before)
    {
        IReadOnlyList<Value> gates = Op.Split(Sum(x, Recurrent(before.H, _r)), 1, Hidden, Hidden, Hidden, Hidden);
        Value i = Gate(gates[0], 0, before.C);
        Value? kept = before.C is null ? null : Op.Mul(_coupled ? Op.Sub(Op.ScalarLike(1, i), i) : Gate(gates[2], 2, before.C), before.C);
        Value c = Sum(Op.Mul(i, _g(Op, Clipped(gates[3]))), kept);
        Value o = Gate(gates[1], 1, c);
        return new(Op.Mul(o, _h(Op, c)), c);
    }

    private Value Gate(Value x, int peephole, Value? c) =>
        _f(Op, Clipped(Sum(x, _peepholes is null ? null : Product(_peepholes[peephole], c))));
}
