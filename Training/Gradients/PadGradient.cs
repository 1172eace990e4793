using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of Pad, and of the value that it pads with.</summary>
internal static class PadGradient
{
    private const int Pads = 1;
    private const int PadValue = 2;
    private const int Axes = 3;

    /// <summary>Constant: the same Pad with negated widths. Other modes copy elements of X: these copies are added back axis by axis.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        string mode = n.Attributes.String("mode", "constant");
        if (mode != "constant")
            return [Enumerable.Range(0, n.Rank).Aggregate(g, (sum, axis) => Fold(op, n, sum, axis, mode))];
        Value widths = n.Input(Pads)!;
        Value negated = widths.Data is { } data ? op.Longs([.. data.ToLongs().Select(p => -p)]) : op.Neg(widths);
        Value inner = op.Op("Pad", [g, negated, null, n.Input(Axes)]);
        return [inner, null, n.Needs(PadValue) ? op.Sub(Total(op, g), Total(op, inner)) : null];
    }

    private static Value Total(GraphBuilder op, Value x) => op.ReduceSum(x, [], keepDims: false);

    /// <summary>Along one axis, adds each element of g to the element of X from which the padding took it: a product with the 0/1 matrix of places.</summary>
    private static Value Fold(GraphBuilder op, ForwardNode n, Value g, int axis, string mode)
    {
        if (Widths(op, n, axis) is not { } widths)
            return g;
        Value size = op.SizeOf(n.X, axis);
        Value places = op.Range(op.Long(0), op.Squeeze(size, 0), op.Long(1));
        Value padded = op.Pad(places, widths, mode: mode);
        Value ones = op.Constant(TensorData.FromFloats([0f, 1f], 2));
        Value matrix = op.CastLike(op.OneHot(padded, size, ones), g);
        int last = n.Rank - 1;
        if (axis == last)
            return op.MatMul(g, matrix);
        long[] swap = [.. Enumerable.Range(0, n.Rank).Select(i => (long)(i == axis ? last : i == last ? axis : i))];
        return op.Transpose(op.MatMul(op.Transpose(g, swap), matrix), swap);
    }

    /// <summary>Widths before and after one axis, or null where that axis is not padded.</summary>
    private static Value? Widths(GraphBuilder op, ForwardNode n, int axis)
    {
        int rank = n.Rank;
        long[] axes = n.Input(Axes) is not { } given ? [.. Enumerable.Range(0, rank).Select(i => (long)i)]
            : given.Data is { } data ? [.. data.ToLongs().Select(a => a < 0 ? a + rank : a)]
            : throw new GraphException($"The gradient of {n.Node} needs constant axes; '{given.Name}' is computed. Freeze everything before '{n.Y.Name}'.");
        int index = Array.IndexOf(axes, axis);
        if (index < 0)
            return null;
        if (n.Input(Pads)!.Data is { } constant && constant.ToLongs() is { } pads)
            return pads[index] == 0 && pads[index + axes.Length] == 0 ? null : op.Longs(pads[index], pads[index + axes.Length]);
        return op.Gather(n.Input(Pads)!, op.Longs(index, index + axes.Length));
    }
}
