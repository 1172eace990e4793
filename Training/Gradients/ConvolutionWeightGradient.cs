using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dW of a convolution: for each place in the kernel, the product of g with the part of X that meets it there.</summary>
internal static class ConvolutionWeightGradient
{
    private const int FewChannels = 16;
    private const int FewGroupChannels = 8;

    /// <summary>Appends dL/dW, in the spelling that was measured to be the fastest for this shape: benchmarks/convolution-gradients.md.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">X [N, C, …].</param>
    /// <param name="g">dL/dY [N, M, …].</param>
    /// <returns>[M, C/group, …].</returns>
    public static Value Append(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        // 3×3, 56×56, 144 channels: 29 ms, 56 ms as one Conv.
        if (DepthwiseWeightGradient.Fits(shape))
            return DepthwiseWeightGradient.Append(op, shape, x, g);
        // 3×3, 56×56: 144 channels alone 45 ms, 66 ms place by place; in groups of 4 55 ms and 73 ms, of 16 (14×14) 50 ms and 20 ms.
        if (shape.Group > 1 && shape.GroupInputs <= FewGroupChannels)
            return GradientAsKernel(op, shape, x, g);
        // 7×7/2, 3 → 64 channels, 224×224: 30 ms, 45 ms as one Conv, 132 ms place by place.
        if (shape.Group == 1 && shape.Inputs <= FewChannels && StridedImage.Fits(shape))
            return Blocks(op, shape, x, g);
        // 3×3, batch 16: 56×56×64 17 ms image by image and 20 ms together; 7×7×512 22 ms and 12 ms.
        return Places(op, shape, x, g, imageByImage: !SumsOverImagesAreLarge(shape));
    }

    /// <summary>
    /// Image by image, a product of the size of W is written for each image and then summed; together, X and g are first transposed. So the larger
    /// of the two decides; the number of images is in both.
    /// </summary>
    private static bool SumsOverImagesAreLarge(ConvolutionShape shape)
    {
        if (shape.InputSizes is not { } inputs || shape.OutputSizes is not { } outputs)
            return false;
        long products = shape.Outputs * shape.GroupInputs * shape.Window.KernelSize;
        return products > (shape.Inputs * Product(inputs)) + (shape.Outputs * Product(outputs));
    }

    /// <summary>One product per place in the kernel.</summary>
    private static Value Places(GraphBuilder op, ConvolutionShape shape, Value x, Value g, bool imageByImage)
    {
        ChannelProduct product = new(op, shape, imageByImage, g);
        IEnumerable<Value> windows = StridedImage.Fits(shape) && shape.Window.KernelSize > 1
            ? new StridedImage(op, shape, product.Arrange(x)).Windows()
            : KernelWindows.Of(op, shape, product.Arrange(x));
        List<Value> places = [.. windows.Select(window => product.With(window, shape.GroupInputs))];
        return op.Reshape(places.Count == 1 ? places[0] : op.Transpose(op.Concat(0, places), 1, 2, 0),
            [shape.Outputs, shape.GroupInputs, .. shape.Window.Kernel]);
    }

    /// <summary>
    /// Few channels and a stride: blocks of stride × stride elements become channels, so that the products are fewer and larger; the kernel
    /// is extended to whole blocks, and what it does not have is cut off.
    /// </summary>
    private static Value Blocks(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        ChannelProduct product = new(op, shape, imageByImage: true, g);
        StridedImage image = new(op, shape, x);
        long channels = shape.Inputs * image.Block * image.Block;
        Value places = op.Concat(0, [.. image.BlockWindows().Select(window => product.With(window, channels))]);
        (long rows, long columns) = image.KernelBlocks;
        Value kernel = op.Transpose(op.Reshape(places, rows, columns, shape.Outputs, image.Block, image.Block, shape.Inputs), 2, 5, 0, 3, 1, 4);
        Value extended = op.Reshape(kernel, shape.Outputs, shape.Inputs, rows * image.Block, columns * image.Block);
        return op.Slice(extended, op.Longs(0, 0), op.Longs(shape.Window.Kernel), op.Longs(2, 3));
    }

    /// <summary>
    /// A convolution with g as the kernel, strides and dilations exchanged: the images of a channel take the place of its group's input
    /// channels, so that it sums over them, and the channels within a group that of the images.
    /// </summary>
    private static Value GradientAsKernel(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        WindowGeometry w = shape.Window;
        Value images = ImagesAsChannels(op, shape, x);
        Value sums = op.Conv(images, op.Transpose(g, [1, 0, .. w.SpatialAxes]), strides: w.Dilations, pads: w.Pads, dilations: w.Strides, group: shape.Group);
        if (!w.IsUnitStride)                                // places behind the kernel, where the windows do not reach the end of the input
            sums = op.Slice(sums, op.Longs(new long[w.Axes]), op.Longs(w.Kernel), op.Longs(w.SpatialAxes));
        if (shape.GroupInputs > 1)
            sums = op.Transpose(sums, [1, 0, .. w.SpatialAxes]);
        return op.Reshape(sums, [shape.Outputs, shape.GroupInputs, .. w.Kernel]);
    }

    /// <summary>[N, G·c, …] → [c, G·N, …].</summary>
    private static Value ImagesAsChannels(GraphBuilder op, ConvolutionShape shape, Value x)
    {
        Value grouped = op.Reshape(x, 0, shape.Group, shape.GroupInputs, -1);
        Value sizes = shape.InputSizes is { } inputs
            ? op.Longs([shape.GroupInputs, -1, .. inputs])
            : op.Concat(0, op.Longs(shape.GroupInputs, -1), op.Shape_(x, start: 2));
        return op.Reshape(op.Transpose(grouped, 2, 1, 0, 3), sizes);
    }

    private static long Product(long[] sizes) => sizes.Aggregate(1L, (a, b) => a * b);
}
