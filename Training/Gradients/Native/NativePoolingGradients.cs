using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of pooling in one kernel each, which is of the standard's domain, although no operator set has it.</summary>
/// <remarks>The kernels read the sizes of dL/dX from the file, so they are declared there.</remarks>
internal static class NativePoolingGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "MaxPool", MaxPool },
        { "AveragePool", AveragePool },
    };

    /// <summary>By the forward node's own indices; all sizes but the batch must be known. Where windows do not overlap, the standard MaxUnpool is twice as fast.</summary>
    private static IReadOnlyList<Value?>? MaxPool(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.X.Shape is not { } shape || !shape.Skip(1).All(d => d.IsStatic) || n.Attributes.Int("storage_order") != 0 || PoolingGradients.DoNotOverlap(n))
            return null;
        if (!NativeKernels.AddMissingOutputs(n.Node, ("output", ElementType.Float, n.Y.Shape), ("indices", ElementType.Int64, n.Y.Shape)))
            return null;
        return [Declared(op.Op("MaxPoolGrad", [g, n.Output(1)]), shape)];
    }

    /// <summary>All sizes must be known, the batch's too. What <c>ceil_mode</c> adds the kernel would count with the padding, and windows of three axes it overwrites where they overlap.</summary>
    private static IReadOnlyList<Value?>? AveragePool(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] kernel = n.Attributes.Ints("kernel_shape")!;
        bool countsPadding = n.Attributes.Int("count_include_pad") != 0;
        if (n.X.Shape is not { IsStatic: true } shape || kernel.Length > 2 || (countsPadding && n.Attributes.Int("ceil_mode") != 0))
            return null;
        WindowGeometry window = WindowGeometry.Of(n, kernel);
        if (window.Dilations.Any(d => d != 1))
            return null;
        return [Declared(op.Op("AveragePoolGrad", [g], ("kernel_shape", kernel), ("strides", window.Strides), ("pads", window.Pads), ("count_include_pad", countsPadding)), shape)];
    }

    private static Value Declared(Value dX, Shape shape)
    {
        (dX.Shape, dX.IsDeclared) = (shape, true);
        return dX;
    }
}
