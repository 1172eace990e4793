using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that move elements or give them another shape: the elements of g move back.</summary>
internal static class MovementGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Identity", (op, n, g) => [g] },
        { "Cast", (op, n, g) => [n.X.ElementType.IsFloatingPoint() ? op.CastLike(g, n.X) : g] },       // a quantized input's stays real
        { "CastLike", (op, n, g) => [op.CastLike(g, n.X)], "", [0] },
        { "Reshape", Reshaped },
        { "Flatten", Reshaped },
        { "Squeeze", Reshaped },
        { "Unsqueeze", Reshaped },
        { "Transpose", (op, n, g) => [op.Transpose(g, n.Attributes.Ints("perm") is { } order ? Inverse(order) : null)] },
        { "Concat", Concat },
        { "Split", GradientRule.From(Split, takesAllOutputs: true) },
        { "Slice", SliceGradient.Append, "constant axes" },
        { "Pad", PadGradient.Append, "constant axes where the mode is not constant" },
        { "Tile", Tile },
        { "Trilu", (op, n, g) => [op.Op("Trilu", [g, n.Input(1)], ("upper", n.Attributes.Int("upper", 1)))] },
        { "DepthToSpace", DepthToSpace },
        { "SpaceToDepth", (op, n, g) => [op.Op("DepthToSpace", [g], ("blocksize", n.Attributes.Int("blocksize")))] },
        { "CumSum", CumSum },
    };

    private static IReadOnlyList<Value?> Reshaped(GraphBuilder op, ForwardNode n, Value g) => [op.ReshapeTo(g, n.Y.Shape, n.X)];

    private static long[] Inverse(long[] order) => [.. Enumerable.Range(0, order.Length).Select(i => (long)Array.IndexOf(order, i))];

    private static IReadOnlyList<Value?> Concat(GraphBuilder op, ForwardNode n, Value g)
    {
        long axis = n.Attributes.Int("axis");
        Value[] inputs = [.. n.Node.Inputs.OfType<Value>()];
        if (inputs.Length == 1)
            return [g];
        Value lengths = op.Concat(0, [.. inputs.Select(x => op.SizeOf(x, axis))]);
        if (inputs.All(x => x.Shape is { } shape && shape[(int)axis].IsStatic))
            lengths = op.Longs([.. inputs.Select(x => x.Shape![(int)axis].Value!.Value)]);
        return [.. op.Node("Split", [g, lengths], inputs.Length, ("axis", axis)).Outputs];
    }

    private static IReadOnlyList<Value?> Split(GraphBuilder op, ForwardNode n, Value g) =>
        [op.Concat(n.Attributes.Int("axis"), [.. n.Node.Outputs.Select((y, i) => n.Gradient(i) ?? op.ZerosLike(y!, g))])];

    /// <summary>Each axis is taken apart into (repeats, size), and the repeats are summed.</summary>
    private static IReadOnlyList<Value?> Tile(GraphBuilder op, ForwardNode n, Value g)
    {
        Value sizes = op.Concat(1, op.Unsqueeze(n.B, 1), op.Unsqueeze(op.ShapeOf(n.X), 1));
        return [op.ReduceSum(op.Reshape(g, op.Reshape(sizes, -1)), [.. Enumerable.Range(0, n.Rank).Select(i => 2L * i)], keepDims: false)];
    }

    /// <summary>[N, C, H·b, W·b] → [N, C·b², H, W]; SpaceToDepth knows only the depth-column-row order, so the other is spelled out.</summary>
    private static IReadOnlyList<Value?> DepthToSpace(GraphBuilder op, ForwardNode n, Value g)
    {
        long block = n.Attributes.Int("blocksize");
        if (n.Attributes.String("mode", "DCR") == "DCR")
            return [op.Op("SpaceToDepth", [g], ("blocksize", block))];
        Value height = op.SizeOf(n.X, 2), width = op.SizeOf(n.X, 3), b = op.Longs(block);
        Value blocks = op.Reshape(g, op.Concat(0, op.SizeOf(n.X, 0), op.Longs(-1), height, b, width, b));
        return [op.Reshape(op.Transpose(blocks, 0, 1, 3, 5, 2, 4), op.ShapeOf(n.X))];
    }

    private static IReadOnlyList<Value?> CumSum(GraphBuilder op, ForwardNode n, Value g) =>
        [op.Op("CumSum", [g, n.B], ("exclusive", n.Attributes.Int("exclusive")), ("reverse", 1 - n.Attributes.Int("reverse")))];
}
