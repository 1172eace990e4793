namespace OnnxFineTune.Surgery;

/// <summary>Pooling of regions of an image.</summary>
internal static class RegionExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "MaxRoiPool")] = MaxPool,
    };

    /// <summary>
    /// The largest element in each cell of a grid over each region: first over the columns of a cell, then over its rows. Cells are rounded outwards to whole elements; one
    /// without elements gives 0.
    /// </summary>
    private static string? MaxPool(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!, regions = n.Inputs[1]!;
        if (x.Shape is not { Rank: 4 })
            return "its data are no images";
        long[] cells = n.Attributes.Ints("pooled_shape")!;
        Value owner = b.Cast(b.Squeeze(b.Slice(regions, 1, 0, 1), 1), ElementType.Int64);
        Value scaled = b.Mul(regions, b.ScalarLike(n.Attributes.Float("spatial_scale", 1), regions)), lowest = b.ScalarLike(float.MinValue, x);
        // [R, C, H, 1, W] → [R, C, H, columns] → [R, C, 1, H, columns] → [R, C, rows, columns]
        Value columns = Largest(b, b.Unsqueeze(b.Gather(x, owner), 3), b.Unsqueeze(Inside(b, x, scaled, 3, 1, cells[1]), 1, 2), 4, lowest);
        Value y = Largest(b, b.Unsqueeze(columns, 2), b.Unsqueeze(Inside(b, x, scaled, 2, 2, cells[0]), 1, 4), 3, lowest);
        n.ReplaceBy(b.Where(b.Equal(y, lowest), b.ScalarLike(0, x), y));
        return null;
    }

    private static Value Largest(GraphBuilder b, Value x, Value inside, long axis, Value lowest) => b.ReduceMax(b.Where(inside, x, lowest), [axis], keepDims: false);

    /// <summary>Which elements along an axis of the image lie in which cell: [R, cells, size].</summary>
    /// <param name="scaled">The regions [R, 5]: image, first column and row, last column and row.</param>
    private static Value Inside(GraphBuilder b, Value x, Value scaled, int axis, long first, long cells)
    {
        // Half up, where the runtime rounds halves away from zero: that differs for negative places, outside of the image, alone.
        Value Bound(long column) => b.Floor(b.Add(b.Slice(scaled, 1, column, column + 1), b.ScalarLike(0.5, scaled)));
        Value begin = Bound(first), length = b.Max(b.Add(b.Sub(Bound(first + 2), begin), b.ScalarLike(1, scaled)), b.ScalarLike(1, scaled));
        Value cell = b.Div(length, b.ScalarLike(cells, scaled)), count = b.CastLike(b.Range(b.Long(0), b.Long(cells), b.Long(1)), scaled);
        Value from = b.Add(b.Floor(b.Mul(count, cell)), begin), to = b.Add(b.Op("Ceil", [b.Mul(b.Add(count, b.ScalarLike(1, scaled)), cell)]), begin);
        Value places = b.CastLike(b.Range(b.Long(0), b.Squeeze(b.Shape_(x, axis, axis + 1), 0), b.Long(1)), scaled);
        return b.And(b.GreaterOrEqual(places, b.Unsqueeze(from, 2)), b.Less(places, b.Unsqueeze(to, 2)));
    }
}
