using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// The input of a strided two-dimensional convolution as blocks of stride × stride elements, whose elements lie in channels of their own:
/// what a place in the kernel meets is then contiguous, where a strided Slice would pick single elements.
/// </summary>
internal sealed class StridedImage
{
    private readonly GraphBuilder _op;
    private readonly ConvolutionShape _shape;
    private readonly Value _blocks;

    /// <summary>Pads X and makes it blocks; the shape must fit.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">X, or X with the first two axes exchanged.</param>
    public StridedImage(GraphBuilder op, ConvolutionShape shape, Value x)
    {
        (_op, _shape) = (op, shape);
        WindowGeometry w = shape.Window;
        long[] inputs = shape.InputSizes!;
        // Whole blocks for the last window; negative where the windows do not reach the end of the input.
        long[] ends = [.. w.Kernel.Select((_, i) => (shape.OutputSizes![i] - 1 + Blocks(i)) * Block - inputs[i] - w.Begins[i])];
        Value padded = op.Pad(x, op.Longs([0, 0, .. w.Begins, 0, 0, .. ends]));
        _blocks = op.Op("SpaceToDepth", [padded], ("blocksize", Block));
    }

    /// <summary>The stride.</summary>
    public long Block => _shape.Window.Strides[0];

    /// <summary>Blocks that the kernel touches, by axis.</summary>
    public (long Rows, long Columns) KernelBlocks => (Blocks(0), Blocks(1));

    /// <summary>Whether this is an image of known size, an equal stride over one on both axes, and no dilation.</summary>
    public static bool Fits(ConvolutionShape shape)
    {
        WindowGeometry w = shape.Window;
        return w.Axes == 2 && w.Strides[0] > 1 && w.Strides[0] == w.Strides[1] && w.Dilations.All(d => d == 1)
            && shape.InputSizes is not null && shape.OutputSizes is not null;
    }

    /// <summary>For each place in the kernel, row-major, the elements that it meets, with an axis of size 1 behind the first.</summary>
    public IEnumerable<Value> Windows()
    {
        (long height, long width) = (_shape.OutputSizes![0], _shape.OutputSizes[1]);
        // SpaceToDepth puts the place in the block in front of the second axis.
        Value places = _op.Reshape(_blocks, 0, Block * Block, -1, height - 1 + Blocks(0), width - 1 + Blocks(1));
        foreach (long[] offset in _shape.Window.Offsets())
        {
            (long row, long top) = Math.DivRem(offset[0], Block);
            (long column, long left) = Math.DivRem(offset[1], Block);
            long place = (top * Block) + left;
            yield return _op.Slice(places, _op.Longs(place, row, column), _op.Longs(place + 1, row + height, column + width), _op.Longs(1, 3, 4));
        }
    }

    /// <summary>For each block of the kernel, row-major, the blocks that it meets.</summary>
    public IEnumerable<Value> BlockWindows()
    {
        for (long row = 0; row < Blocks(0); row++)
            for (long column = 0; column < Blocks(1); column++)
                yield return _op.Slice(_blocks, _op.Longs(row, column), _op.Longs(row + _shape.OutputSizes![0], column + _shape.OutputSizes[1]), _op.Longs(2, 3));
    }

    private long Blocks(int axis) => (_shape.Window.Kernel[axis] + Block - 1) / Block;
}
