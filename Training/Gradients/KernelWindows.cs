using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The elements of a convolution's input that each place in the kernel meets.</summary>
internal static class KernelWindows
{
    /// <summary>For each place, row-major, a value of the positions of the output.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="x">X, or X with the first two axes exchanged.</param>
    public static IEnumerable<Value> Of(GraphBuilder op, ConvolutionShape shape, Value x)
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
                : op.Longs([.. offset.Select((o, i) => o + ((shape.OutputSizes![i] - 1) * w.Strides[i]) + 1)]);
            yield return op.Slice(padded, op.Longs(offset), ends, axes, steps);
        }
    }

    /// <summary>(output size − 1)·stride + 1 at run time, by spatial axis.</summary>
    private static Value Reach(GraphBuilder op, ConvolutionShape shape) =>
        op.Add(op.Mul(op.Sub(op.Shape_(shape.Y, start: 2), op.Longs(1)), op.Longs(shape.Window.Strides)), op.Longs(1));
}
