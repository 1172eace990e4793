using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of AveragePool: each element of g, divided by the size of its window, goes to all elements of the window.</summary>
internal static class AveragePoolGradient
{
    /// <summary>Appends dL/dX.</summary>
    public static Value Append(GraphBuilder op, ForwardNode n, Value g)
    {
        WindowGeometry window = WindowGeometry.Of(n, n.Attributes.Ints("kernel_shape")!);
        ConvolutionShape shape = WindowSpread.Shape(n, window);
        Value share = DividesByKernelSize(n, shape)
            ? op.Mul(g, op.Scalar(1.0 / window.KernelSize, g))
            : op.Mul(g, Weights(op, n, shape, WindowSpread.Ones(op, window)));
        return WindowSpread.Append(op, n, window, share);
    }

    private static bool DividesByKernelSize(ForwardNode n, ConvolutionShape shape)
    {
        WindowGeometry w = shape.Window;
        bool endsInside = n.Attributes.Int("ceil_mode") == 0 || w.IsUnitStride;
        return endsInside && (w.IsUnpadded || n.Attributes.Int("count_include_pad") != 0);
    }

    /// <summary>
    /// 1/divisor of each window, [1, 1, …]. The runtime's own average of ones is (elements in the window)/divisor; counting the elements gives
    /// the divisor without stating again which of padding and overhang it counts.
    /// </summary>
    private static Value Weights(GraphBuilder op, ForwardNode n, ConvolutionShape shape, Value ones)
    {
        WindowGeometry w = shape.Window;
        Value size = ConvolutionShape.SpatialSizes(n.X) is { } sizes ? op.Longs([1, 1, .. sizes]) : op.Concat(0, op.Longs(1, 1), op.Shape_(n.X, start: 2));
        Value input = op.ConstantOfShape(size, TensorData.FromFloats([1f], 1));
        Value average = op.Op("AveragePool", [input]);
        foreach (NodeAttribute attribute in n.Attributes)
            average.Producer!.Attributes.Set(attribute);
        long[] ends = [.. w.Ends.Select((p, i) => p + w.Strides[i] - 1)];       // covers the window that ceil_mode adds
        Value counts = op.Conv(input, ones, strides: w.Strides, pads: [.. w.Begins, .. ends], dilations: w.Dilations);
        Value fitting = op.Slice(counts, op.Longs(new long[w.Axes]), op.Shape_(average, start: 2), op.Longs(w.SpatialAxes));
        return op.Div(average, fitting);
    }
}
