using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of Pad, and of the value that it pads with.</summary>
internal static class PadGradient
{
    private const int Pads = 1;
    private const int PadValue = 2;
    private const int Axes = 3;

    /// <summary>Constant mode: the inside of g. Other modes copy elements of X: these copies are added back axis by axis.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        string mode = n.Attributes.String("mode", "constant");
        if (mode != "constant")
            return [Enumerable.Range(0, n.Rank).Aggregate(g, (sum, axis) => Fold(op, n, sum, axis, mode))];
        Value inner = n.Input(Pads)!.Data?.ToLongs() is { } pads && pads.All(p => p >= 0) ? Inside(op, n, g, pads)
            : op.Pad(g, op.Neg(AllWidths(op, n)));
        return [inner, null, n.Needs(PadValue) ? op.Sub(Total(op, g), Total(op, inner)) : null];
    }

    /// <summary>A Slice, several times as fast as a Pad with negative widths.</summary>
    private static Value Inside(GraphBuilder op, ForwardNode n, Value g, long[] pads)
    {
        long[] before = pads[..(pads.Length / 2)], after = pads[(pads.Length / 2)..];
        Value axes = n.Input(Axes) ?? op.Longs([.. Enumerable.Range(0, n.Rank).Select(i => (long)i)]);
        return op.Slice(g, op.Longs(before), op.Longs([.. after.Select(p => p == 0 ? long.MaxValue : -p)]), axes);
    }

    /// <summary>The widths of all axes, for the reason that <see cref="GradientBuilding.PadAxis"/> states.</summary>
    private static Value AllWidths(GraphBuilder op, ForwardNode n)
    {
        if (n.Input(Axes) is not { } axes)
            return n.Input(Pads)!;
        Value rank = op.Longs(n.Rank);
        Value begins = op.Op("Mod", [op.Cast(axes, ElementType.Int64), rank]);       // negative axes count from the end
        Value places = op.Concat(0, begins, op.Add(begins, rank));
        return op.ScatterElements(op.Longs(new long[2 * n.Rank]), places, n.Input(Pads)!, 0);
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
        Value matrix = op.Places(padded, size, g);
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
