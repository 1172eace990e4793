using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that read or write at indices; an index that occurs twice gets both gradients.</summary>
internal static class IndexingGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Gather", (op, n, g) => [Gather(op, n, g, Axis(n))] },
        { "GatherElements", (op, n, g) => [op.ScatterElements(op.ZerosLike(n.X, g), n.B, g, n.Attributes.Int("axis"), "add")] },
        { "GatherND", GatherND },
        { "ScatterElements", (op, n, g) => Scatter(n, g,
            (x, updates) => op.ScatterElements(x, n.B, updates, n.Attributes.Int("axis")), () => op.GatherElements(g, n.B, n.Attributes.Int("axis")), op) },
        { "ScatterND", (op, n, g) => Scatter(n, g,
            (x, updates) => op.ScatterND(x, n.B, updates), () => op.Op("GatherND", [g, n.B]), op) },
        { "TopK", TopK },
    };

    private static int Axis(ForwardNode n) => (int)(n.Attributes.Int("axis") is var axis && axis < 0 ? axis + n.Rank : axis);

    /// <summary>One constant index: a Pad. Else the indexed axis is brought to the front and slices are added where they came from.</summary>
    private static Value Gather(GraphBuilder op, ForwardNode n, Value g, int axis)
    {
        if (n.B.Data is { Count: 1 } index && n.X.Shape![axis].Value is long size)
            return PadAround(op, n, g, axis, index.ToLongs()[0], size);
        int rank = n.Rank, indexRank = n.RankOf(n.B);
        long[] order = [.. Ints(0, rank)];
        long[] toFront = [axis, .. order.Where(i => i != axis)];
        Value zeros = axis == 0 ? op.ZerosLike(n.X, g)
            : op.Zeros(op.Gather(op.ShapeOf(n.X), op.Longs(toFront)), g);
        Value updates = axis == 0 ? g
            : op.Transpose(g, [.. Ints(axis, axis + indexRank), .. Ints(0, axis), .. Ints(axis + indexRank, rank + indexRank - 1)]);
        Value sum = op.ScatterND(zeros, op.Unsqueeze(op.Cast(n.B, ElementType.Int64), -1), updates, "add");
        return axis == 0 ? sum : op.Transpose(sum, [.. order.Select(i => (long)Array.IndexOf(toFront, i))]);
    }

    private static Value PadAround(GraphBuilder op, ForwardNode n, Value g, int axis, long index, long size)
    {
        long before = index < 0 ? index + size : index;
        Value slice = n.RankOf(n.B) switch
        {
            0 => op.Unsqueeze(g, axis),
            1 => g,
            int rank => op.Squeeze(g, [.. Ints(axis, axis + rank - 1)]),
        };
        return op.Op("Pad", [slice, op.Longs(before, size - 1 - before), null, op.Longs(axis)]);
    }

    private static IReadOnlyList<Value?> GatherND(GraphBuilder op, ForwardNode n, Value g) => n.Attributes.Int("batch_dims") == 0
        ? [op.ScatterND(op.ZerosLike(n.X, g), n.B, g, "add")]
        : throw new GraphException($"The gradient of {n.Node} with batch_dims is not supported. Freeze everything before '{n.Y.Name}' or cut there.");

    /// <summary>What was overwritten gets no gradient; what was written or added gets that of its place.</summary>
    private static IReadOnlyList<Value?> Scatter(ForwardNode n, Value g, Func<Value, Value, Value> write, Func<Value> read, GraphBuilder op) =>
        n.Attributes.String("reduction", "none") switch
        {
            "none" => [n.Needs(0) ? write(g, op.ZerosLike(n.Input(2)!, g)) : null, null, n.Needs(2) ? read() : null],
            "add" => [g, null, n.Needs(2) ? read() : null],
            string other => throw new GraphException($"The gradient of {n.Node} with reduction '{other}' is not supported. Freeze everything before '{n.Y.Name}' or cut there."),
        };

    private static IReadOnlyList<Value?> TopK(GraphBuilder op, ForwardNode n, Value g) =>
        [op.ScatterElements(op.ZerosLike(n.X, g), n.Output(1)!, g, n.Attributes.Int("axis", -1))];

    private static IEnumerable<long> Ints(int from, int to) => Enumerable.Range(from, to - from).Select(i => (long)i);
}
