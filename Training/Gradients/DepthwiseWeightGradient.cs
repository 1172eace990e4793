using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// dL/dW of a depthwise convolution of images as matrix products. For each channel, the products of all columns of g with all columns of X, summed over images and rows, hold at
/// fixed distances what the places in a row of the kernel need; a product with a 0/1 matrix picks it. Most of what is computed is not needed, but a product of matrices is so
/// much faster than what goes element by element that it takes half of the time: benchmarks/convolution-gradients.md.
/// </summary>
internal static class DepthwiseWeightGradient
{
    /// <summary>Up to this many pairs of a position of X and one of g all pairs are multiplied, not row by row: 64 positions each.</summary>
    private const long FewPairs = 4096;

    /// <summary>Rows up to this width are multiplied whole.</summary>
    private const long NarrowRow = 28;

    /// <summary>With a stride, wider rows are faster as a convolution.</summary>
    private const long WideStridedRow = 32;

    private const long WideRow = 128;
    private const long SmallestBlock = 4;

    /// <summary>Columns of X that a block of a row meets: one vector register of AVX-512.</summary>
    private const long LargestReach = 16;

    /// <summary>Whether matrix products are the fastest way for this convolution.</summary>
    public static bool Fits(ConvolutionShape shape)
    {
        if (!shape.IsDepthwise || shape.Window.Axes != 2 || shape.InputSizes is not { } inputs || shape.OutputSizes is not { } outputs)
            return false;
        return shape.Window.IsUnitStride ? outputs[1] <= WideRow || BlockSize(shape) > 0 : inputs[1] <= WideStridedRow;
    }

    /// <summary>Appends dL/dW [C, 1, …]; the shape must fit.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">X [N, C, …].</param>
    /// <param name="g">dL/dY [N, C, …].</param>
    public static Value Append(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        Value channels = op.Transpose(x, 1, 0, 2, 3), gradients = op.Transpose(g, 1, 0, 2, 3);
        long[] inputs = shape.InputSizes!, outputs = shape.OutputSizes!;
        Value places = inputs[0] * inputs[1] * outputs[0] * outputs[1] <= FewPairs
            ? AllPairs(op, shape, channels, gradients)
            : RowByRow(op, shape, channels, gradients);
        return op.Reshape(places, [shape.Outputs, 1, .. shape.Window.Kernel]);
    }

    /// <summary>One product of all positions, summed over images.</summary>
    private static Value AllPairs(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        WindowGeometry w = shape.Window;
        long[] inputs = shape.InputSizes!, outputs = shape.OutputSizes!;
        long pairs = inputs[0] * inputs[1] * outputs[0] * outputs[1];
        Value products = Products(op, shape, x, g, inputs[0] * inputs[1], outputs[0] * outputs[1]);
        float[] choice = new float[pairs * w.KernelSize];
        for (long place = 0; place < w.KernelSize; place++)
        {
            (long row, long column) = Math.DivRem(place, w.Kernel[1]);
            foreach ((long gRow, long xRow) in Meetings(w, 0, row, outputs[0], inputs[0], w.Begins[0]))
                foreach ((long gColumn, long xColumn) in Meetings(w, 1, column, outputs[1], inputs[1], w.Begins[1]))
                    choice[((((((gRow * outputs[1]) + gColumn) * inputs[0]) + xRow) * inputs[1]) + xColumn) * w.KernelSize + place] = 1;
        }
        return op.MatMul(products, op.Constant(TensorData.FromFloats(choice, pairs, w.KernelSize)));
    }

    /// <summary>For each row of the kernel one product of the columns, summed over images and rows. [C, kernel size].</summary>
    private static Value RowByRow(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        WindowGeometry w = shape.Window;
        long height = shape.OutputSizes![0], width = shape.OutputSizes[1], columns = shape.InputSizes![1], begin = w.Begins[1];
        long reach = ((height - 1) * w.Strides[0]) + 1;
        Value rows = op.Pad(x, op.Longs(0, 0, w.Begins[0], 0, 0, 0, reach + w.Span(0) - 1 - w.Begins[0] - shape.InputSizes[0], 0));
        if (width > NarrowRow && BlockSize(shape) is > 0 and long block)
        {
            rows = Overlapping(op, shape, rows, reach + w.Span(0) - 1, block);
            (width, columns, begin) = (block, block + w.Span(1) - 1, 0);
        }
        float[] choice = new float[width * columns * w.Kernel[1]];
        for (long place = 0; place < w.Kernel[1]; place++)
            foreach ((long gColumn, long xColumn) in Meetings(w, 1, place, width, columns, begin))
                choice[(((gColumn * columns) + xColumn) * w.Kernel[1]) + place] = 1;
        Value chosen = op.Constant(TensorData.FromFloats(choice, width * columns, w.Kernel[1]));
        Value? step = w.Strides[0] > 1 ? op.Longs(w.Strides[0]) : null;
        return op.Concat(1, [.. Enumerable.Range(0, (int)w.Kernel[0]).Select(i => i * w.Dilations[0]).Select(offset =>
            op.MatMul(Products(op, shape, op.Slice(rows, op.Longs(offset), op.Longs(offset + reach), op.Longs(2), step), g, columns, width), chosen))]);
    }

    /// <summary>Rows in blocks of columns, each with those of its neighbours that its windows reach: [C, N, rows, blocks, block + span − 1].</summary>
    private static Value Overlapping(GraphBuilder op, ConvolutionShape shape, Value rows, long height, long block)
    {
        WindowGeometry w = shape.Window;
        long before = w.Begins[1], behind = w.Ends[1], blocks = shape.OutputSizes![1] / block;
        Value own = op.Reshape(rows, shape.Inputs, -1, height, blocks, block);
        List<Value> parts = [own];
        if (before > 0)         // the last columns of the block before, zeros before the first
            parts.Insert(0, op.Pad(op.Slice(own, op.Longs(0, block - before), op.Longs(blocks - 1, block), op.Longs(3, 4)), op.Longs(0, 0, 0, 1, 0, 0, 0, 0, 0, 0)));
        if (behind > 0)
            parts.Add(op.Pad(op.Slice(own, op.Longs(1, 0), op.Longs(blocks, behind), op.Longs(3, 4)), op.Longs(0, 0, 0, 0, 0, 0, 0, 0, 1, 0)));
        return op.Concat(4, parts);
    }

    /// <summary>[C, columns of g · columns of X]: the products, summed over what stands before the columns.</summary>
    private static Value Products(GraphBuilder op, ConvolutionShape shape, Value x, Value g, long columns, long gradientColumns)
    {
        Value gradients = op.Transpose(op.Reshape(g, shape.Inputs, -1, gradientColumns), 0, 2, 1);
        return op.Reshape(op.MatMul(gradients, op.Reshape(x, shape.Inputs, -1, columns)), shape.Inputs, columns * gradientColumns);
    }

    /// <summary>Along an axis, the positions of g and X that meet at a place in the kernel.</summary>
    private static IEnumerable<(long Gradient, long Input)> Meetings(WindowGeometry w, int axis, long place, long outputs, long inputs, long begin)
    {
        for (long i = 0; i < outputs; i++)
            if ((i * w.Strides[axis]) + (place * w.Dilations[axis]) - begin is >= 0 and long position && position < inputs)
                yield return (i, position);
    }

    /// <summary>The largest fitting divisor of the width, where rows of X and g are alike and a window reaches into no more than the next blocks; or 0.</summary>
    private static long BlockSize(ConvolutionShape shape)
    {
        WindowGeometry w = shape.Window;
        if (!w.IsUnitStride || shape.InputSizes![1] != shape.OutputSizes![1] || w.Begins[1] < 0 || w.Ends[1] < 0)
            return 0;
        for (long block = LargestReach - w.Span(1) + 1; block >= Math.Max(SmallestBlock, Math.Max(w.Begins[1], w.Ends[1])); block--)
            if (shape.OutputSizes[1] % block == 0)
                return block;
        return 0;
    }
}
