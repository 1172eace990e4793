using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The transpose of a sum over windows: what each window has goes to all elements of the input in it.</summary>
internal static class WindowSpread
{
    /// <summary>A kernel of ones for one channel.</summary>
    public static Value Ones(GraphBuilder op, WindowGeometry window) =>
        op.ConstantOfShape(op.Longs([1, 1, .. window.Kernel]), TensorData.FromFloats([1f], 1));

    /// <summary>The convolution that sums over windows: channels are summed alone, so, counted as images, they make it one of a single channel.</summary>
    public static ConvolutionShape Shape(ForwardNode n, WindowGeometry window) => new(window, 1, 1, 1, n.X, n.Y);

    /// <summary>Appends the spread.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="n">A pooling of X [N, C, …].</param>
    /// <param name="window">Its windows.</param>
    /// <param name="share">What each window has, of the shape of Y.</param>
    /// <returns>Of the shape of X.</returns>
    public static Value Append(GraphBuilder op, ForwardNode n, WindowGeometry window, Value share)
    {
        Value images = op.Reshape(share, OneChannel(op, n.Y));
        return op.Reshape(ConvolutionInputGradient.Append(op, Shape(n, window), Ones(op, window), images), op.ShapeOf(n.X));
    }

    /// <summary>[N, C, …] as [N·C, 1, …].</summary>
    private static Value OneChannel(GraphBuilder op, Value value) => ConvolutionShape.SpatialSizes(value) is { } sizes
        ? op.Longs([-1, 1, .. sizes])
        : op.Concat(0, op.Longs(-1, 1), op.Shape_(value, start: 2));
}
