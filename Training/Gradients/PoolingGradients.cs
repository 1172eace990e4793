using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of pooling.</summary>
internal static class PoolingGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "MaxPool", (op, n, g) => [MaxPool(op, n, g)] },
        { "AveragePool", (op, n, g) => [AveragePoolGradient.Append(op, n, g)] },
        { "GlobalAveragePool", (op, n, g) => [GlobalAveragePool(op, n, g)] },
        { "GlobalMaxPool", (op, n, g) => [GlobalMaxPool(op, n, g)] },
        { "LpPool", (op, n, g) => [LpPoolGradients.Append(op, n, g)] },
        { "GlobalLpPool", (op, n, g) => [LpPoolGradients.AppendGlobal(op, n, g)] },
        { "MaxUnpool", (op, n, g) => [op.Gather(op.Reshape(g, -1), n.B)] },       // an index that occurs twice, for the same element, passes g on twice, as in PyTorch
    };

    /// <summary>
    /// Each element of g goes to the first maximum of its window, which the runtime's own Indices name; an element that is the
    /// maximum of several windows gets the sum.
    /// </summary>
    private static Value MaxPool(GraphBuilder op, ForwardNode n, Value g)
    {
        Value indices = n.Attributes.Int("storage_order") == 0 && n.Output(1) is { } known ? known : Indices(op, n);
        Value shape = op.ShapeOf(n.X);
        if (DoNotOverlap(n))
            return op.Op("MaxUnpool", [g, indices, shape], [("kernel_shape", n.Attributes.Ints("kernel_shape")), ("strides", n.Attributes.Ints("strides"))]);
        Value zeros = op.Zeros(op.Reshape(op.Size(n.X), 1), g);
        return op.Reshape(op.ScatterElements(zeros, op.Reshape(indices, -1), op.Reshape(g, -1), axis: 0, reduction: "add"), shape);
    }

    private static Value Indices(GraphBuilder op, ForwardNode n)
    {
        Node pool = op.Node("MaxPool", [n.X], 2);
        foreach (NodeAttribute attribute in n.Attributes.Where(a => a.Name != "storage_order"))
            pool.Attributes.Set(attribute);
        Value indices = pool.Outputs[1]!;
        indices.ElementType = ElementType.Int64;
        return indices;
    }

    /// <summary>Whether no element is in two windows; MaxUnpool, which writes and does not add, also wants no padding.</summary>
    public static bool DoNotOverlap(ForwardNode n)
    {
        if (n.X.ElementType != ElementType.Float || n.Attributes.String("auto_pad", "NOTSET") != "NOTSET" || n.Attributes.Int("ceil_mode") != 0)
            return false;
        WindowGeometry w = WindowGeometry.Of(n, n.Attributes.Ints("kernel_shape")!);
        return w.IsUnpadded && Enumerable.Range(0, w.Axes).All(i => w.Kernel[i] <= w.Strides[i] && w.Dilations[i] == 1);
    }

    private static Value GlobalAveragePool(GraphBuilder op, ForwardNode n, Value g)
    {
        Value count = ConvolutionShape.SpatialSizes(n.X) is { } sizes
            ? op.Scalar(sizes.Aggregate(1L, (a, b) => a * b), g)
            : op.CastLike(op.Op("ReduceProd", [op.Shape_(n.X, start: 2)], ("keepdims", 0)), g);
        return op.Expand(op.Div(g, count), op.ShapeOf(n.X));
    }

    /// <summary>The first maximum of each channel gets the gradient.</summary>
    private static Value GlobalMaxPool(GraphBuilder op, ForwardNode n, Value g)
    {
        Value positions = op.Reshape(n.X, 0, 0, -1);
        Value first = op.ArgMax(positions, axis: 2);
        Value zeros = Zeros(op, op.Shape_(positions), n.X);
        return op.Reshape(op.ScatterElements(zeros, first, op.Reshape(g, 0, 0, -1), axis: 2), op.ShapeOf(n.X));
    }

    private static Value Zeros(GraphBuilder op, Value shape, Value like) =>
        op.ConstantOfShape(shape, TensorData.FromBytes(like.ElementType, Shape.Of(1), op.Zero(like).Data!.Bytes));
}
