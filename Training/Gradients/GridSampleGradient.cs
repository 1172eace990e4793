using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of GridSample by the image and by the grid; with nearest, the grid has none.</summary>
internal static class GridSampleGradient
{
    /// <summary>Appends dL/dX and dL/dgrid.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        int axes = n.Rank - 2;
        Value grid = op.Reshape(op.CastLike(n.B, g), 0, -1, axes);
        GridTaps[] taps = [.. Enumerable.Range(0, axes).Select(axis => Taps(op, n, grid, axis, axes))];
        SampledImage image = new(op, op.Reshape(n.X, 0, 0, -1), [.. Enumerable.Range(2, axes).Select(axis => op.SizeOf(n.X, axis))], taps);
        Value readings = op.Reshape(g, 0, 0, -1);
        return
        [
            n.Needs(0) ? op.Reshape(image.OfImage(readings), op.ShapeOf(n.X)) : null,
            n.Needs(1) && taps[0].Slopes is not null ? OfGrid(op, n, image.OfCoordinates(readings)) : null,
        ];
    }

    /// <summary>The last coordinate of the grid is that of the first spatial axis.</summary>
    private static GridTaps Taps(GraphBuilder op, ForwardNode n, Value grid, int axis, int axes)
    {
        Value coordinate = op.Gather(grid, op.Long(axes - 1 - axis), axis: 2);
        bool aligned = n.Attributes.Int("align_corners") != 0;
        GridBorder border = new(op, n.Attributes.String("padding_mode", "zeros"), op.NumberOf(n.X, axis + 2, coordinate), aligned);
        Value half = op.Scalar(0.5, coordinate), scale = op.Mul(half, aligned ? border.Last : border.Size);
        Value scaled = op.Mul(op.Add(coordinate, op.One(coordinate)), scale);
        return GridTaps.Of(op, n.Attributes.String("mode", "linear"), border, aligned ? scaled : op.Sub(scaled, half), scale);
    }

    private static Value OfGrid(GraphBuilder op, ForwardNode n, Value[] coordinates)
    {
        Value grid = op.Concat(2, [.. coordinates.Reverse().Select(c => op.Unsqueeze(c, 2))]);
        return op.Reshape(op.CastLike(grid, n.B), op.ShapeOf(n.B));
    }
}
