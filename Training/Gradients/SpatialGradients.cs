using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that resample images or cut them out.</summary>
internal static class SpatialGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Resize", ResizeGradient.Append, "keep_aspect_ratio_policy needs axes that name the spatial axes", [0] },
        { "GridSample", GridSampleGradient.Append },
        { "RoiAlign", RoiAlignGradient.Append, "", [0] },
        { "DeformConv", DeformConvGradient.Append, "two spatial axes, weights of fixed size" },
        { "CenterCropPad", (op, n, g) => [CenterCropPad(op, n, g)] },
        { "Col2Im", (op, n, g) => [Col2Im(op, n, g)], "a constant block_shape" },
        { "AffineGrid", (op, n, g) => [AffineGrid(op, n, g)] },
    };

    /// <summary>Cropping and padding by the same odd difference leave the same side shorter, so the way back is the same operator.</summary>
    private static Value CenterCropPad(GraphBuilder op, ForwardNode n, Value g)
    {
        long[]? axes = n.Attributes.Ints("axes");
        Value sizes = axes is null ? op.ShapeOf(n.X) : op.Concat(0, [.. axes.Select(a => op.SizeOf(n.X, a))]);
        return op.Op("CenterCropPad", [g, sizes], ("axes", axes));
    }

    /// <summary>The blocks of g, one channel per place in the block: a convolution of each channel with kernels that have a single 1.</summary>
    private static Value Col2Im(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Input(2)?.Data is not { } block)
            throw new GraphException($"The gradient of {n.Node} needs a constant block shape; '{n.Input(2)?.Name}' is computed. " +
                $"Freeze everything before '{n.Y.Name}' or cut there.");
        long[] kernel = block.ToLongs();
        Value places = op.Longs(kernel.Aggregate(1L, (a, b) => a * b));
        Value identity = op.IdentityMatrix(places, places);
        Value kernels = op.CastLike(op.Reshape(identity, [-1, 1, .. kernel]), g);
        Value images = op.Reshape(g, op.Concat(0, op.Longs(-1, 1), op.Shape_(g, start: 2)));
        Value blocks = op.Conv(images, kernels, strides: n.Attributes.Ints("strides"), pads: n.Attributes.Ints("pads"), dilations: n.Attributes.Ints("dilations"));
        return op.Reshape(blocks, op.ShapeOf(n.X));
    }

    /// <summary>grid = (x, y, …, 1)·θᵀ, so dθ = gᵀ·(x, y, …, 1); the places (x, y, …) are the grid of the identity.</summary>
    private static Value AffineGrid(GraphBuilder op, ForwardNode n, Value g)
    {
        long axes = n.X.Shape?[1].Value ?? throw new GraphException($"The gradient of {n.Node} needs the number of rows of " +
            $"'{n.X.Name}', which shape inference did not find.");
        Value identity = op.IdentityMatrix(op.Longs(axes), op.Longs(axes + 1));
        Value size = op.Concat(0, op.Longs(1), op.Slice(n.B, 0, 1, long.MaxValue));
        Value grid = op.Op("AffineGrid", [op.CastLike(op.Unsqueeze(identity, 0), g), size], ("align_corners", n.Attributes.Int("align_corners")));
        Value places = op.Reshape(grid, -1, axes);
        Value homogeneous = op.Pad(places, op.Longs(0, 0, 0, 1), op.One(g));
        return op.MatMul(op.Transpose(op.Reshape(g, 0, -1, axes), 0, 2, 1), homogeneous);
    }
}
