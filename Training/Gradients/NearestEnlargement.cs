using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A Resize that repeats each element a whole number of times, as in feature pyramids: its gradient is a sum over windows.</summary>
internal static class NearestEnlargement
{
    private const int Scales = 2;
    private const int Sizes = 3;

    /// <summary>The repetitions by spatial axis of [N, C, …], or null where the Resize is another one.</summary>
    public static long[]? Factors(ForwardNode n)
    {
        if (n.Rank is < 3 or > 5 || n.X.ElementType != ElementType.Float || !Repeats(n) || ResizeGradient.HasPolicy(n))
            return null;
        long?[] factors = [.. Enumerable.Range(0, n.Rank).Select(axis => Factor(n, axis))];
        return factors.All(f => f is not null) && factors[0] == 1 && factors[1] == 1 ? [.. factors[2..].Select(f => f!.Value)] : null;
    }

    /// <summary>The mean over windows, times their size: ONNX Runtime's pooling is several times as fast as its sum over every other axis.</summary>
    public static Value Append(GraphBuilder op, Value g, long[] factors)
    {
        long size = factors.Aggregate(1L, (a, b) => a * b);
        return size == 1 ? g : op.Mul(op.Op("AveragePool", [g], ("kernel_shape", factors), ("strides", factors)), op.Scalar(size, g));
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
