namespace OnnxFineTune.Surgery;

/// <summary>Operators of late versions that write or accumulate along an axis, in operators that have gradients.</summary>
internal static class CacheExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "TensorScatter")] = TensorScatter,
        [(Model.StandardDomain, "CumProd")] = CumulativeProduct,
    };

    /// <summary>What an operator must have to be written out, for the table of gradients.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(Model.StandardDomain, "CumProd")] = "a constant axis of known size",
    };

    /// <summary>Writes an update into a cache along one axis, from a place of its own for each example; <c>circular</c> goes on at the front.</summary>
    public static string? TensorScatter(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        (Value cache, Value update) = (n.Inputs[0]!, n.Inputs[1]!);
        if (cache.Shape?.Rank is not int rank)
            return "the rank of its cache is unknown";
        int axis = (int)n.Attributes.Int("axis", -2);
        axis = axis < 0 ? axis + rank : axis;
        Value length = b.Squeeze(b.Shape_(update, axis, axis + 1), 0);
        Value places = b.Reshape(b.Range(b.Long(0), length, b.Long(1)), [.. Enumerable.Range(0, rank).Select(i => i == axis ? -1L : 1)]);
        if (n.Input(2) is { } starts)
            places = b.Add(places, b.Reshape(starts, [-1, .. Enumerable.Repeat(1L, rank - 1)]));
        if (n.Attributes.String("mode", "linear") == "circular")
            places = b.Op("Mod", [places, b.SizeOf(cache, axis)]);
        n.ReplaceBy(b.ScatterElements(cache, b.Expand(places, b.Shape_(update)), update, axis));
        return null;
    }

    /// <summary>Products of 1, 2, 4, 8 … neighbours, each of two of the products before.</summary>
    private static string? CumulativeProduct(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        Value x = n.Inputs[0]!;
        if (n.Inputs[1]!.ConstantContent() is not { } axisData || x.Shape is not { } shape)
            return "its axis is computed, or the rank of its data is unknown";
        int axis = (int)axisData.ToFloats()[0];
        axis = axis < 0 ? axis + shape.Rank : axis;
        if (shape[axis].Value is not long length)
            return $"the size of axis {axis} of its data is unknown; fix it";
        bool reverse = n.Attributes.Int("reverse") != 0;
        Value y = n.Attributes.Int("exclusive") != 0 ? Shifted(b, x, shape.Rank, axis, 1, reverse) : x;
        for (long distance = 1; distance < length; distance *= 2)
            y = b.Mul(y, Shifted(b, y, shape.Rank, axis, distance, reverse));
        n.ReplaceBy(y == x ? b.Identity(x) : y);
        return null;
    }

    /// <summary>Moved along an axis, towards its end or, in reverse, its beginning, with ones behind.</summary>
    private static Value Shifted(GraphBuilder b, Value x, int rank, int axis, long distance, bool reverse)
    {
        long[] widths = new long[2 * rank];
        widths[reverse ? axis + rank : axis] = distance;
        Value rest = reverse ? b.Slice(x, axis, distance, long.MaxValue) : b.Slice(x, axis, 0, -distance);
        return b.Pad(rest, b.Longs(widths), b.ScalarLike(1, x));
    }
}
