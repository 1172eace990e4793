using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of a convolution.</summary>
internal static class ConvolutionInputGradient
{
    /// <summary>Appends dL/dX.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="weight">W [M, C/group, …].</param>
    /// <param name="g">dL/dY [N, M, …].</param>
    /// <returns>[N, C, …].</returns>
    public static Value Append(GraphBuilder op, ConvolutionShape shape, Value weight, Value g)
    {
        bool flips = shape.Window.IsUnitStride && Enumerable.Range(0, shape.Window.Axes).All(i =>
            shape.Window.Begins[i] < shape.Window.Span(i) && shape.Window.Ends[i] < shape.Window.Span(i));
        return flips ? Flipped(op, shape, weight, g) : Transposed(op, shape, weight, g);
    }

    /// <summary>Stride 1: a convolution of g with W turned round and its channels exchanged.</summary>
    private static Value Flipped(GraphBuilder op, ConvolutionShape shape, Value weight, Value g)
    {
        WindowGeometry w = shape.Window;
        long[] begins = [.. w.Begins.Select((p, i) => w.Span(i) - 1 - p)];
        long[] ends = [.. w.Ends.Select((p, i) => w.Span(i) - 1 - p)];
        return op.Conv(g, FlippedWeight(op, shape, weight), pads: [.. begins, .. ends], dilations: w.Dilations, group: shape.Group, kernelShape: w.Kernel);
    }

    /// <summary>[G·m, c, k…] → [G·c, m, reversed k…].</summary>
    private static Value FlippedWeight(GraphBuilder op, ConvolutionShape shape, Value weight)
    {
        long size = shape.Window.KernelSize;
        Value grouped = op.Reshape(weight, shape.Group, shape.GroupOutputs, shape.GroupInputs, size);
        if (size > 1)
            grouped = op.Slice(grouped, axis: 3, start: -1, end: -size - 1, step: -1);
        if (!shape.IsDepthwise)
            grouped = op.Transpose(grouped, 0, 2, 1, 3);
        return op.Reshape(grouped, [shape.Inputs, shape.GroupOutputs, .. shape.Window.Kernel]);
    }

    private static Value Transposed(GraphBuilder op, ConvolutionShape shape, Value weight, Value g)
    {
        WindowGeometry w = shape.Window;
        if (shape.InputSizes is not { } inputs || shape.OutputSizes is not { } outputs)
            return TransposedToSizeAtRunTime(op, shape, weight, g);
        long[] ends = [.. w.Ends];
        long[] outputPadding = new long[w.Axes];
        for (int i = 0; i < w.Axes; i++)
        {
            long untouched = inputs[i] + w.Begins[i] + w.Ends[i] - w.Span(i) - (outputs[i] - 1) * w.Strides[i];
            outputPadding[i] = Math.Max(untouched, 0);
            ends[i] += Math.Max(-untouched, 0);         // with ceil_mode the last window may reach behind the padding
        }
        return op.ConvTranspose(g, weight, strides: w.Strides, pads: [.. w.Begins, .. ends], dilations: w.Dilations, group: shape.Group, outputPadding: outputPadding);
    }

    /// <summary>All that the windows reach, then padded and cropped to the place and size of X.</summary>
    private static Value TransposedToSizeAtRunTime(GraphBuilder op, ConvolutionShape shape, Value weight, Value g)
    {
        WindowGeometry w = shape.Window;
        Value reached = op.ConvTranspose(g, weight, strides: w.Strides, dilations: w.Dilations, group: shape.Group);
        Value begins = op.Longs(w.Begins);
        Value ends = op.Add(begins, op.Shape_(shape.X, start: 2));
        Value missing = op.Max(op.Sub(ends, op.Shape_(reached, start: 2)), op.Longs(new long[w.Axes]));
        Value padded = op.Pad(reached, op.Concat(0, op.Longs(new long[w.Axes + 4]), missing));
        return op.Slice(padded, begins, ends, op.Longs(w.SpatialAxes));
    }
}
