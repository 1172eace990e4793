using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Σ over images and positions of g · window, for each output and input channel of a group: one matrix product.</summary>
internal sealed class ChannelProduct
{
    private readonly GraphBuilder _op;
    private readonly ConvolutionShape _shape;
    private readonly bool _imageByImage;
    private readonly Value _gradients;

    /// <summary>Prepares g for products with several windows.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="imageByImage">A product per image, then the sum; else channels in front, and one product over all images.</param>
    /// <param name="g">dL/dY [N, M, …].</param>
    public ChannelProduct(GraphBuilder op, ConvolutionShape shape, bool imageByImage, Value g)
    {
        (_op, _shape, _imageByImage) = (op, shape, imageByImage);
        _gradients = Matrices(Arrange(g), shape.GroupOutputs);
    }

    /// <summary>[N, C, …], or channels in front: [C, N, …].</summary>
    public Value Arrange(Value x) => _imageByImage ? x : _op.Transpose(x, [1, 0, .. _shape.Window.SpatialAxes]);

    /// <summary>The product with a window of the arranged X.</summary>
    /// <param name="window">As <see cref="Arrange"/> gives it, of the positions of g.</param>
    /// <param name="channels">Its channels in a group.</param>
    /// <returns>[1, M, channels].</returns>
    public Value With(Value window, long channels)
    {
        Value inputs = Matrices(window, channels);
        Value product = _shape.Group == 1 && !_imageByImage
            ? _op.Gemm(_gradients, inputs, transB: true)
            : _op.MatMul(_gradients, Transposed(inputs));
        return _op.Reshape(_imageByImage ? _op.ReduceSum(product, [0]) : product, 1, _shape.Outputs, channels);
    }

    /// <summary>Rows of one channel each: [N, C, P], [C, N·P], or the same with the groups in front of their channels.</summary>
    private Value Matrices(Value x, long channels) => (_shape.Group, _imageByImage) switch
    {
        (1, true) => _op.Reshape(x, 0, channels, -1),
        (1, false) => _op.Reshape(x, channels, -1),
        (_, true) => _op.Reshape(x, 0, _shape.Group, channels, -1),
        _ => _op.Reshape(x, _shape.Group, channels, -1),
    };

    private Value Transposed(Value matrices) =>
        _shape.Group > 1 && _imageByImage ? _op.Transpose(matrices, 0, 1, 3, 2) : _op.Transpose(matrices, 0, 2, 1);
}
