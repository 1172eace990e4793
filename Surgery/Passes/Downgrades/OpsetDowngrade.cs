namespace OnnxFineTune.Surgery;

/// <summary>
/// Rewrites a node from the form of a version to the form before it: changes the node in place, or adds nodes of the working operator set before it with
/// <paramref name="b"/> and removes it.
/// </summary>
/// <returns>Null; or, where there is no equivalent, the reason, and nothing is changed.</returns>
internal delegate string? OpsetDowngrade(Node node, GraphBuilder b);

/// <summary>A node that has no equivalent before the operator set <paramref name="Version"/>.</summary>
internal sealed record DowngradeRefusal(Node Node, int Version, string Reason)
{
    public GraphException ToException(int target) =>
        new($"{Node} is of operator set {Version} and cannot be brought to {target}: {Reason}. Export the model with operator set {target}, or without this operator.");
}

/// <summary>Moves that many downgrades are made of.</summary>
internal static class OpsetDowngradeMoves
{
    /// <summary>Puts new values in the place of a node's outputs, under the names of those, and removes the node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="results">One value per output, made by nodes that were added for it; null where the output is left out.</param>
    public static void ReplaceBy(this Node node, params IReadOnlyList<Value?> results)
    {
        List<(Value Result, string Name)> names = [];
        foreach ((Value? output, Value? result) in node.Outputs.Zip(results))
            if (output is not null && result is not null)
            {
                (result.ElementType, result.Shape) = (output.ElementType, output.Shape);
                output.ReplaceUsesWith(result);
                foreach (Graph inner in DowngradeOpset.Graphs(node.Graph))
                    inner.ReplaceOutput(output, result);
                names.Add((result, output.Name));
            }
        node.Graph.RemoveNodes([node]);
        foreach ((Value result, string name) in names)
            node.Graph.Rename(result, name);
    }

    /// <summary>A scalar constant of the element type of <paramref name="like"/>, also where that is not known.</summary>
    public static Value ScalarLike(this GraphBuilder b, double value, Value like) => like.ElementType switch
    {
        ElementType.Float or ElementType.Double or ElementType.Float16 => b.Scalar(value, like),
        _ => b.CastLike(b.Scalar(value), like),
    };

    /// <summary>The reason against a node whose attributes are given by the caller of the function it stands in; else null.</summary>
    public static string? CallersAttribute(this Node node) =>
        node.Attributes.FirstOrDefault(a => a.Content is null) is { } open ? $"its attribute {open.Name} is given by the caller of the function it stands in" : null;

    /// <summary>The size of a dimension as int64 [1]: a constant where it is known.</summary>
    public static Value SizeOf(this GraphBuilder b, Value x, int axis) =>
        x.Shape?[axis].Value is long size ? b.Longs(size) : b.Shape_(x, axis, axis == -1 ? null : axis + 1);
}
