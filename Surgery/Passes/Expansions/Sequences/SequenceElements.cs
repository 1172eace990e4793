namespace OnnxFineTune.Surgery;

/// <summary>The tensors that a sequence is made of, where that is known without running the model.</summary>
internal static class SequenceElements
{
    /// <summary>The operators that make a sequence of another, or of tensors: what takes elements out is written out together with them.</summary>
    public static readonly IReadOnlyList<string> Makers = ["SequenceConstruct", "SequenceInsert", "SequenceErase"];

    /// <summary>Follows a sequence back to the nodes that made it.</summary>
    /// <returns>The elements in order; null where their number or order is not known.</returns>
    public static IReadOnlyList<Value>? Of(Value? sequence) => sequence?.Producer is not { Domain: Model.StandardDomain } node ? null : node.OpType switch
    {
        "SequenceConstruct" => [.. node.Inputs.Select(i => i!)],
        "SequenceEmpty" => [],
        "Identity" => Of(node.Inputs[0]),
        "SequenceInsert" => Inserted(node),
        "SequenceErase" => Of(node.Inputs[0]) is { Count: > 0 } elements && Place(node.Input(1), elements.Count - 1, elements.Count) is int place ? [.. elements.Where((_, i) => i != place)] : null,
        _ => null,
    };

    /// <summary>A position, counted from the end where it is negative; null where it is computed or outside.</summary>
    /// <param name="position">The input, or null.</param>
    /// <param name="omitted">What it is where it is left out.</param>
    /// <param name="count">One more than the largest.</param>
    public static int? Place(Value? position, int omitted, int count)
    {
        if (position is null)
            return omitted;
        if (position.ConstantContent() is not { } data)
            return null;
        long place = data.ToLongs()[0];
        place = place < 0 ? place + count : place;
        return place >= 0 && place < count ? (int)place : null;
    }

    private static List<Value>? Inserted(Node node)
    {
        if (Of(node.Inputs[0]) is not { } elements || Place(node.Input(2), elements.Count, elements.Count + 1) is not int place)
            return null;
        List<Value> longer = [.. elements];
        longer.Insert(node.Input(2)?.ConstantContent()?.ToLongs()[0] < 0 ? place - 1 : place, node.Inputs[1]!);
        return longer;
    }
}
