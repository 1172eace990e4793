namespace OnnxFineTune.Surgery;

/// <summary>Operators that the standard defines by others: they are written out so.</summary>
internal static class FunctionExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "RMSNormalization")] = RootMeanSquare,
        [(Model.StandardDomain, "Swish")] = Swish,
    };

    /// <summary>x / √(mean(x²) + ε) · scale, the mean over all axes from <c>axis</c> on, in the type that <c>stash_type</c> names.</summary>
    public static string? RootMeanSquare(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        (Value x, Value scale) = (n.Inputs[0]!, n.Inputs[1]!);
        Value wide = b.Cast(x, (ElementType)n.Attributes.Int("stash_type", (long)ElementType.Float));
        Value mean = b.Op("ReduceMean", [b.Mul(wide, wide), Axes(b, x, n.Attributes.Int("axis", -1))]);
        Value root = b.Sqrt(b.Add(mean, b.ScalarLike(n.Attributes.Float("epsilon", 1e-5f), wide)));
        n.ReplaceBy(b.Mul(b.CastLike(b.Div(wide, root), scale), scale));
        return null;
    }

    /// <summary>The axes from one on: counted from the end where that can be, else as many as there are at run time.</summary>
    private static Value Axes(GraphBuilder b, Value x, long axis)
    {
        if (axis >= 0 && x.Shape is { } shape)
            axis -= shape.Rank;
        if (axis < 0)
            return b.Longs([.. Enumerable.Range(0, (int)-axis).Select(i => axis + i)]);
        return b.Range(b.Long(axis), b.Size(b.Shape_(x)), b.Long(1));
    }

    /// <summary>x · sigmoid(α·x).</summary>
    public static string? Swish(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        Value x = n.Inputs[0]!;
        float alpha = n.Attributes.Float("alpha", 1);
        n.ReplaceBy(b.Mul(x, b.Sigmoid(alpha == 1 ? x : b.Mul(b.ScalarLike(alpha, x), x))));
        return null;
    }

    /// <summary>A Scan along the axis: the product so far is the state, and is given before (exclusive) or after it takes in the element.</summary>
    public static string? CumulativeProduct(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        Value x = n.Inputs[0]!;
        if (n.Inputs[1]!.ConstantContent() is not { } axisData || x.Shape is not { } shape || x.ElementType == ElementType.Undefined)
            return "its axis is computed, or the rank or element type of its data is unknown";
        long axis = (long)axisData.ToFloats()[0], reverse = n.Attributes.Int("reverse");
        axis = axis < 0 ? axis + shape.Rank : axis;
        Graph body = new(b.Graph.UniqueName("product"), b.Graph);
        GraphBuilder inner = new(body);
        Value before = body.AddInput(b.Graph.UniqueName("so_far"), x.ElementType, null), element = body.AddInput(b.Graph.UniqueName("element"), x.ElementType, null);
        Value after = inner.Mul(before, element);
        body.SetOutputs(after, inner.Identity(n.Attributes.Int("exclusive") != 0 ? before : after));
        long[] others = [.. Enumerable.Range(0, shape.Rank).Select(i => (long)i).Where(i => i != axis)];
        Value one = b.Expand(b.Cast(b.Long(1), x.ElementType), b.Gather(b.ShapeOf(x), b.Longs(others)));
        long[] along = [axis], direction = [reverse];
        n.ReplaceBy(b.Node("Scan", [one, x], 2, ("body", body), ("num_scan_inputs", 1), ("scan_input_axes", along), ("scan_output_axes", along),
            ("scan_input_directions", direction), ("scan_output_directions", direction)).Outputs[1]);
        return null;
    }
}
