using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of convolutions of any rank, group count, stride, padding and dilation.</summary>
internal static class ConvolutionGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Conv", Conv },
        { "ConvTranspose", ConvTranspose },
    };

    private static IReadOnlyList<Value?> Conv(GraphBuilder op, ForwardNode n, Value g)
    {
        ConvolutionShape shape = ConvolutionShape.Of(n, transposed: false);
        return
        [
            n.Needs(0) ? ConvolutionInputGradient.Append(op, shape, n.B, g) : null,
            n.Needs(1) ? ConvolutionWeightGradient.Append(op, shape, n.X, g) : null,
            n.Needs(2) ? BiasGradient(op, shape, g) : null,
        ];
    }

    /// <summary>
    /// ConvTranspose is the input gradient of a convolution that reads its output: so its own input gradient is that convolution, and its
    /// weight gradient that convolution's, with input and gradient changing places.
    /// </summary>
    private static IReadOnlyList<Value?> ConvTranspose(GraphBuilder op, ForwardNode n, Value g)
    {
        ConvolutionShape shape = ConvolutionShape.Of(n, transposed: true);
        WindowGeometry w = shape.Window;
        return
        [
            n.Needs(0) ? op.Conv(g, n.B, strides: w.Strides, pads: w.Pads, dilations: w.Dilations, group: shape.Group, kernelShape: w.Kernel) : null,
            n.Needs(1) ? ConvolutionWeightGradient.Append(op, shape, g, n.X) : null,
            n.Needs(2) ? BiasGradient(op, shape, g) : null,
        ];
    }

    private static Value BiasGradient(GraphBuilder op, ConvolutionShape shape, Value g) =>
        op.ReduceSum(g, [0, .. shape.Window.SpatialAxes], keepDims: false);
}
