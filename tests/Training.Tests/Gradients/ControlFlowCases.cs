using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Graphs with If, Loop and Scan: x [3, 2] and w [2, 2] → y, in float64. In one run all elements of x are positive, in another negative.</summary>
internal static class ControlFlowCases
{
    public static readonly IReadOnlyDictionary<string, Func<GraphBuilder, Value, Value, Value>> All = new Dictionary<string, Func<GraphBuilder, Value, Value, Value>>
    {
        ["If with a constant condition"] = (b, x, w) => If(b, b.Constant(Bool(true)), t => t.MatMul(x, w), e => e.ReduceSum(x, [0])),
        ["If with a condition that follows from shapes"] = (b, x, w) => If(b, b.Equal(b.Size(x), b.Long(7)), t => t.Neg(x), e => e.Mul(e.MatMul(x, w), e.Scalar(2, x))),
        ["If with a computed condition"] = (b, x, w) => If(b, IsPositive(b, x), t => t.MatMul(x, w), e => e.Tanh(x)),
        ["If with a condition of one dimension"] = (b, x, w) => If(b, b.Reshape(IsPositive(b, x), 1), t => t.ReduceSum(t.MatMul(x, w), [], keepDims: false), e => e.ReduceMean(x, [], keepDims: false)),
        ["If whose branch that is not taken has no finite derivative"] = (b, x, w) => If(b, IsPositive(b, x), t => t.MatMul(t.Sqrt(x), t.Reciprocal(w)), e => e.Div(e.Mul(x, x), e.Log(e.Neg(e.Mul(x, e.Scalar(3, x)))))),
        ["If whose branch that is not taken divides by zero"] = (b, x, w) => b.MatMul(If(b, IsPositive(b, x), t => t.Div(x, t.Relu(x)), e => e.Div(x, e.Relu(e.Neg(x)))), w) is var y ? b.Add(y, b.MatMul(x, w)) : y,
        ["If whose branches give values from around it"] = (b, x, w) => b.MatMul(If(b, IsPositive(b, x), _ => x, _ => b.Sigmoid(x)), w),
        ["If in an If"] = (b, x, w) => If(b, IsPositive(b, x), t => If(t, IsPositive(t, t.Neg(w)), u => u.Exp(x), v => v.MatMul(x, w)), e => e.Mul(x, x)),
        ["Loop with a count"] = (b, x, w) => Loop(b, b.Long(3), null, [x], (i, _, s) => (null, [i.Tanh(i.MatMul(s[0], w))], []))[0],
        ["Loop that collects"] = (b, x, w) => Loop(b, b.Long(3), b.Constant(Bool(true)), [x], (i, _, s) => (null, [i.Sin(i.MatMul(s[0], w))], [i.Mul(s[0], x)]))[1],
        ["Loop that reads its round"] = (b, x, w) => Loop(b, b.Longs(4), null, [b.MatMul(x, w)], (i, round, s) => (null, [i.Mul(s[0], i.Add(i.Sin(x), i.Cast(round, ElementType.Double)))], []))[0],
        ["Loop with a condition of its round"] = (b, x, w) => Loop(b, null, b.Constant(Bool(true)), [x], (i, round, s) => (i.Less(round, i.Long(1)), [i.Tanh(i.MatMul(s[0], w))], [s[0]]))[1],
        ["Loop with a condition of a carried number"] = (b, x, w) => Loop(b, b.Long(10), null, [b.Long(1), x], (i, _, s) =>
            (i.Less(s[0], i.Long(8)), [i.Mul(s[0], i.Long(2)), i.Tanh(i.MatMul(s[1], w))], []))[1],
        ["Loop that makes no round"] = (b, x, w) => b.MatMul(Loop(b, b.Long(5), b.Constant(Bool(false)), [x], (i, _, s) => (null, [i.Exp(s[0])], []))[0], w),
        ["Loop whose count follows from shapes"] = (b, x, w) => Loop(b, b.Gather(b.Shape_(x), b.Long(0)), null, [x], (i, round, s) => (null, [i.MatMul(s[0], w)], [i.Gather(x, round)]))[1] is var rows
            ? b.MatMul(rows, w) : x,
        ["Loop with an If inside"] = (b, x, w) => Loop(b, b.Long(3), null, [x], (i, round, s) =>
            (null, [If(i, i.Equal(i.Op("Mod", [round, i.Long(2)]), i.Long(0)), t => t.MatMul(s[0], w), e => e.Tanh(s[0]))], []))[0],
        ["Loop that passes its values around"] = (b, x, w) => Loop(b, b.Long(3), null, [x, b.MatMul(x, w)], (_, _, s) => (null, [s[1], s[0]], []))[0],
        ["Scan"] = (b, x, w) => Scan(b, [b.ReduceSum(w, [0], keepDims: false)], [x], 1, (i, v) => [i.Tanh(i.Add(i.MatMul(v[0], w), v[1])), i.Mul(v[0], v[1])])[1],
        ["Scan of which the last state counts"] = (b, x, w) => Scan(b, [b.ReduceSum(w, [0], keepDims: false)], [x], 1, (i, v) => [i.Mul(v[0], v[1]), v[0]])[0],
        ["Scan backwards along other axes"] = (b, x, w) => Scan(b, [b.ReduceSum(x, [1], keepDims: false)], [x, w], 2, (i, v) => [i.Add(i.Sin(v[0]), v[1]), i.Mul(v[0], i.ReduceSum(v[2], []))],
            ("scan_input_axes", new long[] { 1, -1 }), ("scan_input_directions", new long[] { 1, 0 }), ("scan_output_axes", new long[] { -1 }), ("scan_output_directions", new long[] { 1 }))[1],
        ["Scan along one element"] = (b, x, w) => Scan(b, [], [b.Unsqueeze(x, 0)], 1, (i, v) => [i.MatMul(v[0], w)])[0],
    };

    /// <summary>What cannot be written out, with its node and a part of the reason.</summary>
    public static readonly IReadOnlyDictionary<string, (Func<GraphBuilder, Value, Value, Value> Build, string Node, string Reason)> Refused =
        new Dictionary<string, (Func<GraphBuilder, Value, Value, Value>, string, string)>
        {
            ["If whose branches differ in shape"] = ((b, x, w) => If(b, IsPositive(b, x), t => t.MatMul(x, w), e => e.ReduceSum(x, [0])), "If 'If'", "different shapes"),
            ["Loop with a computed count"] = ((b, x, w) => Loop(b, b.Cast(b.ReduceSum(x, [], keepDims: false), ElementType.Int64), null, [x], (i, _, s) => (null, [i.MatMul(s[0], w)], []))[0], "Loop 'Loop'", "as 'Cast' does"),
            ["Loop until a value is reached"] = ((b, x, w) => Loop(b, null, null, [x], (i, _, s) => (IsPositive(i, s[0]), [i.MatMul(s[0], w)], []))[0], "Loop 'Loop'", "the condition inside it"),
            ["Loop of many rounds"] = ((b, x, w) => Loop(b, b.Long(1_000_000), null, [x], (i, _, s) => (null, [i.MatMul(s[0], w)], []))[0], "Loop 'Loop'", "10000 rounds"),
            ["Loop that collects nothing"] = ((b, x, w) => Loop(b, b.Long(0), null, [x], (i, _, s) => (null, [i.MatMul(s[0], w)], [s[0]]))[1], "Loop 'Loop'", "no round"),
        };

    private static TensorData Bool(bool value) => TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new[] { value ? (byte)1 : (byte)0 });

    private static Value IsPositive(GraphBuilder b, Value x) => b.Greater(b.ReduceSum(x, [], keepDims: false), b.Scalar(0, x.ElementType == ElementType.Undefined ? ElementType.Double : x.ElementType));

    private static Value If(GraphBuilder b, Value condition, Func<GraphBuilder, Value> then, Func<GraphBuilder, Value> otherwise)
    {
        return Typed(b.Op("If", [condition], ("then_branch", Branch("then", then)), ("else_branch", Branch("else", otherwise))), ElementType.Double);

        Graph Branch(string name, Func<GraphBuilder, Value> build)
        {
            Graph branch = new($"{name}{b.Graph.Name}", b.Graph);
            GraphBuilder inner = new(branch, branch.Name);
            Value result = build(inner);
            branch.SetOutputs(result.Graph == branch ? result : inner.Identity(result));
            return branch;
        }
    }

    /// <param name="body">From round number and carried values to condition (null is true), carried values and what is collected.</param>
    public static Value[] Loop(GraphBuilder b, Value? count, Value? condition, Value[] state, Func<GraphBuilder, Value, Value[], (Value? Condition, Value[] State, Value[] Collected)> body)
    {
        Graph graph = new($"loop{b.Graph.Name}", b.Graph);
        GraphBuilder inner = new(graph, graph.Name);
        Value round = graph.AddInput("round", ElementType.Int64, Shape.Scalar), goesOn = graph.AddInput("goes_on", ElementType.Bool, Shape.Scalar);
        Value[] carried = [.. state.Select((s, i) => graph.AddInput($"carried{i}", s.ElementType, null))];
        (Value? next, Value[] after, Value[] collected) = body(inner, round, carried);
        graph.SetOutputs([next ?? inner.Identity(goesOn), .. after.Concat(collected).Select(v => Own(inner, v))]);
        return [.. b.Node("Loop", [count, condition, .. state], after.Length + collected.Length, ("body", graph)).Outputs.Select((o, i) => Typed(o!, i < state.Length ? state[i].ElementType : ElementType.Double))];
    }

    private static Value[] Scan(GraphBuilder b, Value[] state, Value[] scanned, int count, Func<GraphBuilder, Value[], Value[]> body, params (string, object?)[] attributes)
    {
        Graph graph = new($"scan{b.Graph.Name}", b.Graph);
        GraphBuilder inner = new(graph, graph.Name);
        Value[] results = body(inner, [.. state.Concat(scanned).Select((s, i) => graph.AddInput($"part{i}", s.ElementType, null))]);
        graph.SetOutputs([.. results.Select(v => Own(inner, v))]);
        return [.. b.Node("Scan", [.. state, .. scanned], results.Length, [("body", graph), ("num_scan_inputs", count), .. attributes]).Outputs.Select(o => o!)];
    }

    /// <summary>The runtime wants outputs of a body to be computed in it.</summary>
    private static Value Own(GraphBuilder inner, Value value) => value.Producer?.Graph == inner.Graph ? value : inner.Identity(value);

    private static Value Typed(Value value, ElementType type)
    {
        value.ElementType = type;
        return value;
    }
}
