using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The sizes of a convolution of X [N, C, …] with W [M, C/group, …] to Y [N, M, …] that its gradients depend on.</summary>
/// <param name="Window">How the kernel moves.</param>
/// <param name="Group">Number of groups.</param>
/// <param name="Inputs">C.</param>
/// <param name="Outputs">M.</param>
/// <param name="X">The input; its element values are not used.</param>
/// <param name="Y">The output; its element values are not used.</param>
internal sealed record ConvolutionShape(WindowGeometry Window, long Group, long Inputs, long Outputs, Value X, Value Y)
{
    /// <summary>Channels of X in a group.</summary>
    public long GroupInputs => Inputs / Group;

    /// <summary>Channels of Y in a group.</summary>
    public long GroupOutputs => Outputs / Group;

    /// <summary>Whether each channel is convolved alone.</summary>
    public bool IsDepthwise => Group > 1 && GroupInputs == 1 && GroupOutputs == 1;

    /// <summary>Spatial sizes of X, or null where one is not static.</summary>
    public long[]? InputSizes => SpatialSizes(X);

    /// <summary>Spatial sizes of Y, or null where one is not static.</summary>
    public long[]? OutputSizes => SpatialSizes(Y);

    /// <summary>The convolution of a node.</summary>
    /// <param name="n">Conv, or ConvTranspose.</param>
    /// <param name="transposed">The node is a ConvTranspose: its output is X and its input Y of the convolution whose input gradient it is.</param>
    /// <exception cref="GraphException">The shape of the weight is not static.</exception>
    public static ConvolutionShape Of(ForwardNode n, bool transposed)
    {
        long[] weight = n.B.Shape is { IsStatic: true } shape ? shape.ToArray() : throw new GraphException(
            $"The gradient of {n.Node} needs a weight of static shape, but '{n.B.Name}' has the shape {n.B.Shape?.ToString() ?? "of unknown rank"}. Freeze the layers up to it.");
        long group = n.Attributes.Int("group", 1);
        WindowGeometry window = transposed ? TransposedWindow(n, weight[2..]) : WindowGeometry.Of(n, weight[2..]);
        return transposed ? new(window, group, weight[1] * group, weight[0], n.Y, n.X) : new(window, group, weight[1] * group, weight[0], n.X, n.Y);
    }

    /// <summary>Spatial sizes of [N, C, …], or null where one is not static.</summary>
    public static long[]? SpatialSizes(Value value) =>
        value.Shape is { } shape && shape.Skip(2).All(d => d.IsStatic) ? [.. shape.Skip(2).Select(d => d.Value!.Value)] : null;

    /// <summary>
    /// <c>auto_pad</c> and <c>output_shape</c> of a ConvTranspose state the output, and the padding follows from it:
    /// total = (in − 1)·stride + output_padding + span − out.
    /// </summary>
    private static WindowGeometry TransposedWindow(ForwardNode n, long[] kernel)
    {
        string autoPad = n.Attributes.String("auto_pad", "NOTSET");
        WindowGeometry window = WindowGeometry.Of(n, kernel);
        if (!autoPad.StartsWith("SAME", StringComparison.Ordinal) && !n.Attributes.Has("output_shape"))
            return window;
        if (SpatialSizes(n.X) is not { } inputs || SpatialSizes(n.Y) is not { } outputs)
            throw new GraphException($"The gradient of {n.Node} needs the static sizes of its input and output, because it states auto_pad or output_shape. Give the model a fixed image size.");
        long[] extra = n.Attributes.Ints("output_padding") ?? new long[kernel.Length];
        long[] total = [.. kernel.Select((_, i) => Math.Max((inputs[i] - 1) * window.Strides[i] + extra[i] + window.Span(i) - outputs[i], 0))];
        long[] larger = [.. total.Select(t => t - t / 2)];
        long[] smaller = [.. total.Select(t => t / 2)];
        return autoPad == "SAME_UPPER" ? window with { Begins = smaller, Ends = larger } : window with { Begins = larger, Ends = smaller };
    }
}
