using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>How the window of a convolution or pooling moves over its input, by spatial axis.</summary>
/// <param name="Kernel">Elements of the window.</param>
/// <param name="Strides">Steps between windows.</param>
/// <param name="Dilations">Steps between elements of a window.</param>
/// <param name="Begins">Padding in front; negative where the input is cropped.</param>
/// <param name="Ends">Padding behind.</param>
internal sealed record WindowGeometry(long[] Kernel, long[] Strides, long[] Dilations, long[] Begins, long[] Ends)
{
    /// <summary>Number of spatial axes.</summary>
    public int Axes => Kernel.Length;

    /// <summary>Elements of the window.</summary>
    public long KernelSize => Kernel.Aggregate(1L, (a, b) => a * b);

    /// <summary>Whether windows start at every position.</summary>
    public bool IsUnitStride => Strides.All(s => s == 1);

    /// <summary>Whether nothing is padded.</summary>
    public bool IsUnpadded => Begins.All(p => p == 0) && Ends.All(p => p == 0);

    /// <summary>Whether every window is one element and every element has its window, so that the operator only mixes channels.</summary>
    public bool IsPointwise => KernelSize == 1 && IsUnitStride && IsUnpadded;

    /// <summary>Padding as the attribute <c>pads</c> has it: begins, then ends.</summary>
    public long[] Pads => [.. Begins, .. Ends];

    /// <summary>The spatial axes of [N, C, …].</summary>
    public long[] SpatialAxes => [.. Enumerable.Range(2, Axes).Select(i => (long)i)];

    /// <summary>Elements that a dilated window spans along an axis.</summary>
    public long Span(int axis) => (Kernel[axis] - 1) * Dilations[axis] + 1;

    /// <summary>The offsets within a window, row-major.</summary>
    public IEnumerable<long[]> Offsets()
    {
        for (long i = 0; i < KernelSize; i++)
        {
            long[] offset = new long[Axes];
            long rest = i;
            for (int axis = Axes - 1; axis >= 0; axis--, rest /= Kernel[axis + 1])
                offset[axis] = rest % Kernel[axis] * Dilations[axis];
            yield return offset;
        }
    }

    /// <summary>The geometry of a node; <c>auto_pad</c> becomes explicit padding.</summary>
    /// <param name="n">A convolution or pooling of [N, C, …].</param>
    /// <param name="kernel">The window.</param>
    /// <exception cref="GraphException">SAME padding of a strided window over an input of unknown size.</exception>
    public static WindowGeometry Of(ForwardNode n, long[] kernel)
    {
        int axes = kernel.Length;
        long[] ones = [.. Enumerable.Repeat(1L, axes)];
        long[] pads = n.Attributes.Ints("pads") ?? new long[2 * axes];
        WindowGeometry explicitly = new(kernel, n.Attributes.Ints("strides") ?? ones, n.Attributes.Ints("dilations") ?? ones, pads[..axes], pads[axes..]);
        return n.Attributes.String("auto_pad", "NOTSET") switch
        {
            "VALID" => explicitly with { Begins = new long[axes], Ends = new long[axes] },
            "SAME_UPPER" => explicitly.Same(n, extraInFront: false),
            "SAME_LOWER" => explicitly.Same(n, extraInFront: true),
            _ => explicitly,
        };
    }

    /// <summary>Padding with which the output has ⌈size / stride⌉ elements.</summary>
    private WindowGeometry Same(ForwardNode n, bool extraInFront)
    {
        long[] begins = new long[Axes];
        long[] ends = new long[Axes];
        for (int axis = 0; axis < Axes; axis++)
        {
            long total = Strides[axis] == 1 ? Span(axis) - 1 : StridedSame(n, axis);
            begins[axis] = extraInFront ? (total + 1) / 2 : total / 2;
            ends[axis] = total - begins[axis];
        }
        return this with { Begins = begins, Ends = ends };
    }

    private long StridedSame(ForwardNode n, int axis)
    {
        long size = n.X.Shape?[axis + 2].Value ?? throw new GraphException(
            $"The gradient of {n.Node} needs the size of '{n.X.Name}' along axis {axis + 2}, because it pads with auto_pad SAME and a stride. Give the model a fixed image size.");
        long outputs = (size + Strides[axis] - 1) / Strides[axis];
        return Math.Max((outputs - 1) * Strides[axis] + Span(axis) - size, 0);
    }
}
