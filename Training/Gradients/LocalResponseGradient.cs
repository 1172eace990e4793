using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradient of LRN: Y = X·S⁻ᵝ with S = bias + alpha/size · ΣX², the sum over <c>size</c> neighbouring channels.</summary>
internal static class LocalResponseGradient
{
    /// <summary>dX = g·S⁻ᵝ − 2·alpha·beta/size · X · Σ(g·Y/S), the sum over the channels in whose windows X is.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        float alpha = n.Attributes.Float("alpha", 1e-4f), beta = n.Attributes.Float("beta", 0.75f);
        long size = n.Attributes.Int("size"), before = (size - 1) / 2, after = size / 2;
        Value squares = Neighbours(op, n, op.Mul(n.X, n.X), size, before, after);
        Value scale = op.Add(op.Mul(squares, op.Scalar(alpha, g)), op.Scalar(n.Attributes.Float("bias", 1), g));
        Value across = Neighbours(op, n, op.Div(op.Mul(g, n.Y), scale), size, after, before);
        return [op.Sub(op.Mul(g, op.Pow(scale, op.Scalar(-beta, g))), op.Mul(op.Mul(n.X, op.Scalar(2.0 * alpha * beta, g)), across))];
    }

    /// <summary>The mean over neighbouring channels, zeros beyond the first and last: an AveragePool over [N, 1, C, pixels].</summary>
    private static Value Neighbours(GraphBuilder op, ForwardNode n, Value x, long size, long before, long after)
    {
        Value image = op.Reshape(x, op.Concat(0, op.SizeOf(n.X, 0), op.Longs(1), op.SizeOf(n.X, 1), op.Longs(-1)));
        long[] kernel = [size, 1], pads = [before, 0, after, 0];
        Value mean = op.Op("AveragePool", [image], ("kernel_shape", kernel), ("pads", pads), ("count_include_pad", 1));
        return op.ReshapeTo(mean, null, n.X);
    }
}
