using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dW of a convolution: for each place in the kernel, the product of g with the part of X that meets it there.</summary>
internal static class ConvolutionWeightGradient
{
    /// <summary>Appends dL/dW.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">X [N, C, …].</param>
    /// <param name="g">dL/dY [N, M, …].</param>
    /// <returns>[M, C/group, …].</returns>
    public static Value Append(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        Value pieces = shape.IsDepthwise ? Depthwise(op, shape, x, g) : Products(op, shape, x, g);
        return op.Reshape(pieces, [shape.Outputs, shape.GroupInputs, .. shape.Window.Kernel]);
    }

    /// <summary>One product per place: [G, m, P] × [G, P, c] of each image, summed over the images.</summary>
    private static Value Products(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        Value gradients = shape.Group == 1 ? op.Reshape(g, 0, shape.Outputs, -1) : op.Reshape(g, 0, shape.Group, shape.GroupOutputs, -1);
        List<Value> places = [];
        foreach (Value window in Windows(op, shape, x))
        {
            Value inputs = shape.Group == 1
                ? op.Transpose(op.Reshape(window, 0, shape.Inputs, -1), 0, 2, 1)
                : op.Transpose(op.Reshape(window, 0, shape.Group, shape.GroupInputs, -1), 0, 1, 3, 2);
            places.Add(op.ReduceSum(op.MatMul(gradients, inputs), [0], keepDims: shape.Window.KernelSize > 1));
        }
        return Last(op, places, shape.Group == 1 ? 3 : 4);
    }

    /// <summary>Products of single channels are too small for MatMul.</summary>
    private static Value Depthwise(GraphBuilder op, ConvolutionShape shape, Value x, Value g)
    {
        bool several = shape.Window.KernelSize > 1;
        List<Value> places = [];
        foreach (Value window in Windows(op, shape, x))
        {
            Value sum = op.ReduceSum(op.Mul(window, g), [0, .. shape.Window.SpatialAxes], keepDims: false);
            places.Add(several ? op.Unsqueeze(sum, 0) : sum);
        }
        return Last(op, places, 2);
    }

    /// <summary>[1, …] of each place → […, places].</summary>
    private static Value Last(GraphBuilder op, List<Value> places, int rank) =>
        places.Count == 1 ? places[0] : op.Transpose(op.Concat(0, places), [.. Enumerable.Range(1, rank - 1).Select(i => (long)i), 0]);

    /// <summary>For each place in the kernel the elements of the padded input that it meets, in the shape of the output.</summary>
    private static IEnumerable<Value> Windows(GraphBuilder op, ConvolutionShape shape, Value x)
    {
        WindowGeometry w = shape.Window;
        if (w.IsPointwise)
        {
            yield return x;
            yield break;
        }
        Value padded = w.IsUnpadded ? x : op.Pad(x, op.Longs([0, 0, .. w.Begins, 0, 0, .. w.Ends]));
        Value axes = op.Longs(w.SpatialAxes);
        Value? steps = w.IsUnitStride ? null : op.Longs(w.Strides);
        Value? reach = shape.OutputSizes is null ? Reach(op, shape) : null;
        foreach (long[] offset in w.Offsets())
        {
            Value ends = reach is not null
                ? op.Add(reach, op.Longs(offset))
                : op.Longs([.. offset.Select((o, i) => o + (shape.OutputSizes![i] - 1) * w.Strides[i] + 1)]);
            yield return op.Slice(padded, op.Longs(offset), ends, axes, steps);
        }
    }

    /// <summary>(output size − 1)·stride + 1 at run time, by spatial axis.</summary>
    private static Value Reach(GraphBuilder op, ConvolutionShape shape) =>
        op.Add(op.Mul(op.Sub(op.Shape_(shape.Y, start: 2), op.Longs(1)), op.Longs(shape.Window.Strides)), op.Longs(1));
}
