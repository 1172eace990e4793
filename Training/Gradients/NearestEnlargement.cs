using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A Resize that repeats each element a whole number of times, as in feature pyramids: its gradient is a sum over windows.</summary>
internal static class NearestEnlargement
{
    private const int Scales = 2;
    private const int Sizes = 3;

    /// <summary>The repetitions by axis, or null where the Resize is another one.</summary>
    public static long[]? Factors(ForwardNode n)
    {
        if (!Repeats(n) || ResizeGradient.HasPolicy(n))
            return null;
        long?[] factors = [.. Enumerable.Range(0, n.Rank).Select(axis => Factor(n, axis))];
        return factors.All(f => f is not null) ? [.. factors.Select(f => f!.Value)] : null;
    }

    /// <summary>
    /// Each repeated axis is taken apart into (size, repetitions), and the repetitions are summed. Measured twice as fast as AveragePool, and as fast as
    /// the products with matrices up to about 100 elements per axis; those take four times as long at 640.
    /// </summary>
    public static Value Append(GraphBuilder op, ForwardNode n, Value g, long[] factors)
    {
        List<Value> sizes = [];
        List<long> repeated = [];
        for (int axis = 0; axis < factors.Length; axis++)
        {
            sizes.Add(repeated.Count == 0 && factors[axis] == 1 ? op.Longs(0) : op.SizeOf(n.X, axis));       // 0 copies the size
            if (factors[axis] == 1)
                continue;
            repeated.Add(sizes.Count);
            sizes.Add(op.Longs(factors[axis]));
        }
        return repeated.Count == 0 ? g : op.ReduceSum(op.Reshape(g, op.Concat(0, sizes)), [.. repeated], keepDims: false);
    }

    /// <summary>
    /// With a whole scale k, element q·k + r of the output (0 ≤ r &lt; k) lies at q + r/k (asymmetric) or q + (r + ½)/k − ½ (half pixels) of the
    /// input, or half a pixel behind that; the rounding decides whether that is element q.
    /// </summary>
    private static bool Repeats(ForwardNode n) => n.Attributes.String("mode", "nearest") == "nearest"
        && (n.Attributes.String("coordinate_transformation_mode", "half_pixel"), n.Attributes.String("nearest_mode", "round_prefer_floor")) is
            ("asymmetric" or "tf_half_pixel_for_nn", "floor") or
            ("half_pixel" or "half_pixel_symmetric" or "pytorch_half_pixel", "round_prefer_floor" or "round_prefer_ceil");

    private static long? Factor(ForwardNode n, int axis)
    {
        int index = Array.IndexOf(ResizeGradient.Axes(n), axis);
        if (index < 0)
            return 1;
        if (n.Input(Sizes) is null)
            return n.Input(Scales)?.Data?.ToFloats()[index] is float scale && scale >= 1 && float.IsInteger(scale) ? (long)scale : null;
        if (n.X.Shape is not { } from || n.Y.Shape is not { } to)
            return null;
        if (from[axis] == to[axis] && from[axis] is { IsStatic: true } or { Symbol: not null })
            return 1;
        return from[axis].Value is > 0 and long a && to[axis].Value is long b && b % a == 0 ? b / a : null;
    }
}
