using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of Slice: g in its place, zeros around and between.</summary>
internal static class SliceGradient
{
    private const int Starts = 1;
    private const int Ends = 2;
    private const int Axes = 3;
    private const int Steps = 4;
    private const long LargestMatrix = 512;

    /// <summary>One Pad where bounds and sizes are constant and the step is 1; else axis by axis.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] axes = ConstantAxes(n) ?? throw new GraphException(
            $"The gradient of {n.Node} needs constant axes; '{n.Input(Axes)!.Name}' is computed. Freeze everything before '{n.Y.Name}'.");
        if (ConstantPads(n, axes) is { } pads)
            return [op.Pad(g, op.Longs(pads))];
        Value result = g;
        for (int i = 0; i < axes.Length; i++)
            result = Spread(op, n, result, i, axes[i]);
        return [result];
    }

    /// <summary>Whether <see cref="Append"/> needs one Pad only.</summary>
    public static bool IsOnePad(ForwardNode n) => ConstantAxes(n) is { } axes && ConstantPads(n, axes) is not null;

    private static long[]? ConstantAxes(ForwardNode n)
    {
        int rank = n.Rank;
        return n.Input(Axes) is { } given ? given.Data?.ToLongs().Select(a => a < 0 ? a + rank : a).ToArray()
            : [.. Enumerable.Range(0, (int)n.Input(Starts)!.Shape![0].Value!.Value).Select(i => (long)i)];
    }

    /// <summary>Zeros before and after g by axis, or null where sizes are not constant or a step is not 1.</summary>
    private static long[]? ConstantPads(ForwardNode n, long[] axes)
    {
        if (n.Input(Starts)!.Data is not { } starts || n.Input(Ends)!.Data is not { } ends || n.X.Shape is not { } shape)
            return null;
        if (n.Input(Steps) is { } steps && (steps.Data is not { } data || data.ToLongs().Any(s => s != 1)))
            return null;
        (long[] first, long[] last) = (starts.ToLongs(), ends.ToLongs());
        long[] pads = new long[2 * shape.Rank];
        for (int i = 0; i < axes.Length; i++)
        {
            if (shape[(int)axes[i]].Value is not long size)
                return null;
            pads[axes[i]] = Position(first[i], size);
            pads[axes[i] + shape.Rank] = Math.Min(size - pads[axes[i]], size - Position(last[i], size));
        }
        return pads;
    }

    private static long Position(long bound, long size) => Math.Clamp(bound < 0 ? bound + size : bound, 0, size);

    /// <summary>
    /// Undoes the slice along one axis: element p of the result is g at the place to which p went, or zero. That is a Gather of g with a zero
    /// appended; along the last axis, where Gather copies single elements, a product with the 0/1 matrix of places is 20 times as fast.
    /// </summary>
    private static Value Spread(GraphBuilder op, ForwardNode n, Value g, int index, long axis)
    {
        Value size = op.SizeOf(n.X, axis);
        Value step = n.Input(Steps) is { } steps ? op.Slice(steps, 0, index, index + 1) : op.Longs(1);
        Value positions = op.Slice(Counting(op, size), Bound(op, n, Starts, index), Bound(op, n, Ends, index), op.Longs(0), step);
        if (axis == n.Rank - 1 && n.X.Shape![-1].Value is <= LargestMatrix)
            return op.MatMul(g, op.Places(positions, size, g));
        Value length = op.SizeOf(n.Y, axis);
        Value places = op.ScatterElements(op.Expand(length, size), positions, Counting(op, length), axis: 0);
        Value padded = op.PadAxis(g, n.Rank, (int)axis, 0, 1);
        return op.Gather(padded, places, axis);
    }

    private static Value Bound(GraphBuilder op, ForwardNode n, int input, int index) => op.Slice(n.Input(input)!, 0, index, index + 1);

    /// <summary>0, 1, … below <paramref name="size"/>, an int64 vector of one element.</summary>
    private static Value Counting(GraphBuilder op, Value size) => op.Range(op.Long(0), op.Squeeze(size, 0), op.Long(1));
}
