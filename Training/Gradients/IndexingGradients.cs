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
        { "GatherND", GatherND, "batch_dims 0" },
        { "ScatterElements", (op, n, g) => Scatter(n, g,
            (x, updates) => op.ScatterElements(x, n.B, updates, n.Attributes.Int("axis")), () => op.GatherElements(g, n.B, n.Attributes.Int("axis")), op), "reduction none or add" },
        { "ScatterND", (op, n, g) => Scatter(n, g,
            (x, updates) => op.ScatterND(x, n.B, updates), () => op.Op("GatherND", [g, n.B]), op), "reduction none or add" },
        { "TopK", TopK },
        { "Compress", Compress },
        { "ReverseSequence", (op, n, g) => [op.Op("ReverseSequence", [g, n.B], ("batch_axis", n.Attributes.Int("batch_axis", 1)), ("time_axis", n.Attributes.Int("time_axis")))] },
    };

    private static int Axis(ForwardNode n) => (int)(n.Attributes.Int("axis") is var axis && axis < 0 ? axis + n.Rank : axis);

    /// <summary>
    /// One constant index: a Pad. Else an addition at indices, by ScatterElements: ONNX Runtime's ScatterND is faster, but its threads lose
    /// additions to indices that occur twice.
    /// </summary>
    private static Value Gather(GraphBuilder op, ForwardNode n, Value g, int axis)
    {
        if (n.B.Data is { Count: 1 } index && n.X.Shape![axis].Value is long size)
            return PadAround(op, n, g, axis, index.ToLongs()[0], size);
        int rank = n.Rank;
        Value updates = n.RankOf(n.B) == 1 ? g
            : op.Reshape(g, op.Concat(0, [.. Enumerable.Range(0, rank).Select(i => i == axis ? op.Longs(-1) : op.SizeOf(n.X, i))]));
        Value column = op.Reshape(n.B, [.. Enumerable.Range(0, rank).Select(i => i == axis ? -1L : 1)]);
        return op.ScatterElements(op.ZerosLike(n.X, g), op.Expand(column, op.Shape_(updates)), updates, axis, "add");
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
        return op.PadAxis(slice, n.Rank, axis, before, size - 1 - before);
    }

    /// <summary>The indexed axes are flattened to rows, and the index tuples to row numbers, which ScatterElements adds without losses.</summary>
    private static IReadOnlyList<Value?> GatherND(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Attributes.Int("batch_dims") != 0)
            throw new GraphException($"The gradient of {n.Node} with batch_dims is not supported. Freeze everything before '{n.Y.Name}' or cut there.");
        Value[] sizes = [.. Enumerable.Range(0, (int)n.B.Shape![-1].Value!.Value).Select(i => op.SizeOf(n.X, i))];
        Value places = op.Op("Mod", [n.B, op.Concat(0, sizes)]);       // negative indices count from the end
        Value Place(int i) => op.Reshape(op.Gather(places, op.Long(i), axis: -1), -1, 1);
        Value row = Place(0), rows = sizes[0];
        for (int i = 1; i < sizes.Length; i++)
            (row, rows) = (op.Add(op.Mul(row, sizes[i]), Place(i)), op.Mul(rows, sizes[i]));
        Value updates = op.Reshape(g, op.Concat(0, op.Shape_(row, 0, 1), op.Longs(-1)));
        Value zeros = op.Reshape(op.ZerosLike(n.X, g), op.Concat(0, rows, op.Longs(-1)));
        return [op.Reshape(op.ScatterElements(zeros, op.Expand(row, op.Shape_(updates)), updates, 0, "add"), op.ShapeOf(n.X))];
    }

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

    /// <summary>What was left out gets no gradient. The condition may be shorter than the axis; without an axis the elements are taken in a row.</summary>
    private static IReadOnlyList<Value?> Compress(GraphBuilder op, ForwardNode n, Value g)
    {
        bool flat = !n.Attributes.Has("axis");
        int axis = flat ? 0 : Axis(n);
        Value kept = op.Op("NonZero", [n.B]);
        kept.ElementType = ElementType.Int64;
        Value column = op.Reshape(kept, [.. Enumerable.Range(0, flat ? 1 : n.Rank).Select(i => i == axis ? -1L : 1)]);
        Value zeros = flat ? op.Zeros(op.Unsqueeze(op.Size(n.X), 0), g) : op.ZerosLike(n.X, g);
        Value whole = op.ScatterElements(zeros, op.Expand(column, op.Shape_(g)), g, axis);
        return [flat ? op.ReshapeTo(whole, null, n.X) : whole];
    }

    private static IEnumerable<long> Ints(int from, int to) => Enumerable.Range(from, to - from).Select(i => (long)i);
}
