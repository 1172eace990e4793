using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of convolutions by <c>ConvGrad</c>, which gives those of input, weight and bias at once.</summary>
/// <remarks>The kernel takes no <c>auto_pad</c>, so padding is written out. Over three spatial axes it is twice as slow as standard operators.</remarks>
internal static class NativeConvolutionGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Conv", Conv },
        { "ConvTranspose", ConvTranspose },
    };

    /// <summary>
    /// Over one axis, dL/dX stays in standard operators: with groups the kernel writes behind the end of it (runtime 1.19.2), and without it is the slower one.
    /// </summary>
    private static IReadOnlyList<Value?>? Conv(GraphBuilder op, ForwardNode n, Value g)
    {
        ConvolutionShape shape = ConvolutionShape.Of(n, transposed: false);
        bool input = n.Needs(0) && shape.Window.Axes == 2;
        if (shape.Window.Axes > 2 || !(input || n.Needs(1) || n.Needs(2)))
            return null;
        IReadOnlyList<Value?> results = Kernel(op, shape, g, n.X, n.B, [input, n.Needs(1), n.Needs(2)]);
        return input || !n.Needs(0) ? results : [ConvolutionInputGradient.Append(op, shape, n.B, g), .. results.Skip(1)];
    }

    /// <summary>
    /// ConvTranspose is the input gradient of a convolution that reads its output; only that one's weight gradient needs the kernel, with input and gradient
    /// changing places.
    /// </summary>
    private static IReadOnlyList<Value?>? ConvTranspose(GraphBuilder op, ForwardNode n, Value g)
    {
        ConvolutionShape shape = ConvolutionShape.Of(n, transposed: true);
        WindowGeometry w = shape.Window;
        long[] padding = n.Attributes.Ints("output_padding") ?? new long[w.Axes];
        if (!n.Needs(1) || w.Axes > 2 || Enumerable.Range(0, w.Axes).Any(i => padding[i] >= w.Strides[i]))       // there the convolution has more places than X
            return null;
        return
        [
            n.Needs(0) ? op.Conv(g, n.B, strides: w.Strides, pads: w.Pads, dilations: w.Dilations, group: shape.Group, kernelShape: w.Kernel) : null,
            Kernel(op, shape, n.X, g, n.B, [false, true, false])[1],
            n.Needs(2) ? op.ReduceSum(g, [0, .. w.SpatialAxes], keepDims: false) : null,
        ];
    }

    /// <summary>The gradients of input, weight and bias, as needed, of a convolution of <paramref name="x"/> with <paramref name="w"/>.</summary>
    private static IReadOnlyList<Value?> Kernel(GraphBuilder op, ConvolutionShape shape, Value g, Value x, Value w, bool[] needed)
    {
        WindowGeometry window = shape.Window;
        Node node = op.NativeNode("ConvGrad", [g, x, w], needed.Length, ("kernel_shape", window.Kernel), ("strides", window.Strides), ("pads", window.Pads),
            ("dilations", window.Dilations), ("group", shape.Group));
        for (int i = needed.Length - 1; i >= 0; i--)
            if (!needed[i])
                node.RemoveOutput(i);       // the kernel then does not compute it
        return node.Outputs;
    }
}
