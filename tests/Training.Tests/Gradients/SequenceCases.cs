using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Graphs with sequences: x [3, 2] and w [2, 2] → y, in float64.</summary>
internal static class SequenceCases
{
    public static readonly IReadOnlyDictionary<string, Func<GraphBuilder, Value, Value, Value>> All = new Dictionary<string, Func<GraphBuilder, Value, Value, Value>>
    {
        ["sequence of two, the last"] = (b, x, w) => At(b, Construct(b, x, b.MatMul(x, w)), -1),
        ["sequence of rows"] = (b, x, w) => Split(b, x, null) is var rows ? b.MatMul(b.Mul(At(b, rows, 0), At(b, rows, 2)), w) : x,
        ["sequence of rows without their axis"] = (b, x, w) => Split(b, x, null, ("keepdims", 0)) is var rows ? b.MatMul(b.Unsqueeze(b.Sin(At(b, rows, 1)), 0), w) : x,
        ["sequence of parts of one size"] = (b, x, w) => Split(b, x, b.Long(2)) is var parts ? b.MatMul(b.Add(At(b, parts, 0), At(b, parts, 1)), w) : x,
        ["sequence of parts of given sizes"] = (b, x, w) => b.MatMul(At(b, Split(b, x, b.Longs(1, 2)), 1), w),
        ["sequence of columns"] = (b, x, w) => b.MatMul(x, At(b, Split(b, w, b.Long(1), ("axis", -1)), 1)),
        ["put together again"] = (b, x, w) => Joined(b, Construct(b, x, b.MatMul(x, w), x), ("axis", 1)),
        ["put together along a new axis"] = (b, x, w) => Joined(b, Construct(b, x, b.MatMul(x, w)), ("axis", -1), ("new_axis", 1)),
        ["with elements put in"] = (b, x, w) => Joined(b, Insert(b, Insert(b, Insert(b, Empty(b), x), b.MatMul(x, w), b.Long(0)), b.Exp(x), b.Long(-1)), ("axis", 0)),
        ["with elements taken out"] = (b, x, w) => Joined(b, Op(b, "SequenceErase", Op(b, "SequenceErase", Construct(b, x, b.Neg(x), b.MatMul(x, w), b.Exp(x)), b.Long(1))), ("axis", 0)),
        ["its length"] = (b, x, w) => b.MatMul(b.Mul(x, b.Cast(Length(b, Construct(b, x, x, w)), ElementType.Double)), w),
        ["filled by a loop"] = (b, x, w) => Joined(b, ControlFlowCases.Loop(b, b.Long(3), null, [Empty(b), x], (i, _, s) => (null, [Insert(i, s[0], s[1]), i.Tanh(i.MatMul(s[1], w))], []))[0], ("axis", 1)),
        ["read by a loop as long as it"] = (b, x, w) => Split(b, x, null) is var rows
            ? ControlFlowCases.Loop(b, Length(b, rows), null, [x], (i, round, s) => (null, [i.Tanh(i.MatMul(i.Add(s[0], Op(i, "SequenceAt", rows, round)), w))], []))[0] : x,
        ["mapped"] = (b, x, w) => Joined(b, Map(b, Split(b, x, null), w, (i, row, all) => i.Sin(i.MatMul(row, all))), ("axis", 0)),
        ["an optional tensor"] = (b, x, w) => b.MatMul(Op(b, "OptionalGetElement", Op(b, "Optional", x)), w),
        ["a tensor where an optional could be"] = (b, x, w) => b.MatMul(Op(b, "OptionalGetElement", x), w),
    };

    /// <summary>What cannot be written out, with its node and a part of the reason.</summary>
    public static readonly IReadOnlyDictionary<string, (Func<GraphBuilder, Value, Value, Value> Build, string Node, string Reason)> Refused =
        new Dictionary<string, (Func<GraphBuilder, Value, Value, Value>, string, string)>
        {
            ["a computed position"] = ((b, x, w) => b.MatMul(Op(b, "SequenceAt", Construct(b, x, x), b.Cast(b.ReduceMax(x, [], keepDims: false), ElementType.Int64)), w), "SequenceAt 'SequenceAt'", "position 'Cast' is computed"),
            ["computed lengths"] = ((b, x, w) => b.MatMul(At(b, Split(b, x, b.Cast(b.ReduceMax(x, [], keepDims: false), ElementType.Int64)), 0), w), "SplitToSequence 'SplitToSequence'", "lengths 'Cast' of its parts are computed"),
        };

    private static Value Op(GraphBuilder b, string opType, params Value?[] inputs) => Typed(b.Op(opType, inputs), ElementType.Double);

    private static Value Sequence(Value value) => Typed(value, ElementType.Undefined);

    private static Value Construct(GraphBuilder b, params Value[] elements) => Sequence(b.Op("SequenceConstruct", elements));

    private static Value Empty(GraphBuilder b) => Sequence(b.Op("SequenceEmpty", [], ("dtype", ElementType.Double)));

    private static Value Insert(GraphBuilder b, Value sequence, Value element, Value? place = null) => Sequence(b.Op("SequenceInsert", [sequence, element, place]));

    private static Value Split(GraphBuilder b, Value x, Value? lengths, params (string, object?)[] attributes) => Sequence(b.Op("SplitToSequence", [x, lengths], attributes));

    private static Value At(GraphBuilder b, Value sequence, long place) => Op(b, "SequenceAt", sequence, b.Long(place));

    private static Value Length(GraphBuilder b, Value sequence) => Typed(b.Op("SequenceLength", [sequence]), ElementType.Int64);

    private static Value Joined(GraphBuilder b, Value sequence, params (string, object?)[] attributes) => Typed(b.Op("ConcatFromSequence", [sequence], attributes), ElementType.Double);

    private static Value Map(GraphBuilder b, Value sequence, Value all, Func<GraphBuilder, Value, Value, Value> body)
    {
        Graph graph = new("mapped", b.Graph);
        GraphBuilder inner = new(graph, "mapped");
        graph.SetOutputs(body(inner, graph.AddInput("row", ElementType.Double, null), graph.AddInput("all", ElementType.Double, null)));
        return Sequence(b.Op("SequenceMap", [sequence, all], ("body", graph)));
    }

    private static Value Typed(Value value, ElementType type)
    {
        value.ElementType = type;
        return value;
    }
}
