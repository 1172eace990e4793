namespace OnnxFineTune.Surgery;

/// <summary>Sequences of tensors, and optional tensors, without them: what reads an element reads the tensor, and what is split into a sequence is split into tensors.</summary>
internal static class SequenceExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "SequenceAt")] = At,
        [(Model.StandardDomain, "SequenceLength")] = Length,
        [(Model.StandardDomain, "ConcatFromSequence")] = Concat,
        [(Model.StandardDomain, "SplitToSequence")] = Split,
        [(Model.StandardDomain, "SequenceMap")] = Map,
        [(Model.StandardDomain, "OptionalGetElement")] = Get,
    };

    /// <summary>What an operator must have to be written out, for the table of gradients; those that make a sequence go with the one that reads it.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(Model.StandardDomain, "SequenceConstruct")] = "",
        [(Model.StandardDomain, "SequenceInsert")] = ConstantPlace,
        [(Model.StandardDomain, "SequenceErase")] = ConstantPlace,
        [(Model.StandardDomain, "SequenceAt")] = ConstantPlace,
        [(Model.StandardDomain, "SplitToSequence")] = "constant lengths, an axis of known size",
        [(Model.StandardDomain, "SequenceMap")] = "a sequence of known length",
        [(Model.StandardDomain, "ConcatFromSequence")] = "a sequence of known length",
        [(Model.StandardDomain, "Optional")] = "with an element",
        [(Model.StandardDomain, "OptionalGetElement")] = "a tensor that is known to be there",
    };

    private const string ConstantPlace = "a constant position";

    /// <summary>Whether a node asks for the length of a sequence that is known; loops take it for their number of rounds.</summary>
    public static bool IsKnownLength(Node node) => node is { OpType: "SequenceLength", Domain: Model.StandardDomain } && SequenceElements.Of(node.Inputs[0]) is not null;

    private static string Unknown(Value sequence) =>
        $"the elements of the sequence '{sequence.Name}' are not known before it runs: give the dimensions of the model's inputs that their number follows from fixed sizes";

    private static string? At(Node n, GraphBuilder b)
    {
        if (SequenceElements.Of(n.Inputs[0]) is not { } elements)
            return Unknown(n.Inputs[0]!);
        if (SequenceElements.Place(n.Inputs[1], 0, elements.Count) is not int place)
            return $"its position '{n.Inputs[1]!.Name}' is computed, or outside of the sequence";
        n.ReplaceBy(b.Identity(elements[place]));
        return null;
    }

    private static string? Length(Node n, GraphBuilder b)
    {
        if (SequenceElements.Of(n.Inputs[0]) is not { } elements)
            return Unknown(n.Inputs[0]!);
        n.ReplaceBy(b.Identity(b.Long(elements.Count)));
        return null;
    }

    private static string? Concat(Node n, GraphBuilder b)
    {
        if (SequenceElements.Of(n.Inputs[0]) is not { Count: > 0 } elements)
            return Unknown(n.Inputs[0]!);
        long axis = n.Attributes.Int("axis");
        n.ReplaceBy(b.Identity(b.Concat(axis, [.. n.Attributes.Int("new_axis") == 0 ? elements : elements.Select(e => b.Unsqueeze(e, axis))])));
        return null;
    }

    /// <summary>Into parts of one size, of given sizes, or, where none are given, of size 1, which lose their axis unless <c>keepdims</c> is 1.</summary>
    private static string? Split(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!;
        long axis = n.Attributes.Int("axis");
        if (x.Shape?[(int)axis].Value is not (> 0 and long size))
            return $"the size of axis {axis} of '{x.Name}' {x.Shape?.ToString() ?? "of unknown shape"}, along which it is split, must be known: give the dimension of the model's input that it comes from a fixed size";
        if (n.Input(1) is { } given && given.ConstantContent() is null)
            return $"the lengths '{given.Name}' of its parts are computed";
        long[] lengths = Lengths(n.Input(1)?.ConstantContent(), size);
        IEnumerable<Value> parts = lengths.Length == 1 ? [x] : b.Split(x, axis, lengths);
        if (n.Input(1) is null && n.Attributes.Int("keepdims", 1) == 0)
            parts = parts.Select(p => b.Squeeze(p, axis));
        n.ReplaceBy(Sequence(b, [.. parts]));
        return null;
    }

    private static long[] Lengths(TensorData? split, long size)
    {
        if (split is { Shape.Rank: > 0 })
            return split.ToLongs();
        long part = split?.ToLongs()[0] ?? 1;
        return [.. Enumerable.Range(0, (int)((size + part - 1) / part)).Select(i => Math.Min(part, size - (i * part)))];
    }

    /// <summary>The body once for each element; inputs that are no sequences are the same for all.</summary>
    private static string? Map(Node n, GraphBuilder b)
    {
        if (SequenceElements.Of(n.Inputs[0]) is not { } first)
            return Unknown(n.Inputs[0]!);
        IReadOnlyList<Value>[] inputs = [.. n.Inputs.Select(i => SequenceElements.Of(i) ?? [.. first.Select(_ => i!)])];
        if (Array.Exists(inputs, i => i.Count != first.Count))
            return "its sequences differ in length";
        SubgraphRounds copies = new(b, n.Attributes.Graph("body")!);
        Value[][] rounds = [.. Enumerable.Range(0, first.Count).Select(i => copies.Append($"{i}", [.. inputs.Select(s => s[i])]))];
        n.ReplaceBy([.. n.Outputs.Select((_, i) => Sequence(b, [.. rounds.Select(r => r[i])]))]);
        return null;
    }

    private static Value Sequence(GraphBuilder b, Value[] elements)
    {
        Value sequence = b.Op("SequenceConstruct", elements);
        sequence.ElementType = ElementType.Undefined;
        return sequence;
    }

    private static string? Get(Node n, GraphBuilder b)
    {
        Value given = n.Inputs[0]!;
        Value? element = given.Producer is { OpType: "Optional", Domain: Model.StandardDomain } optional ? optional.Input(0) : given.ElementType == ElementType.Undefined ? null : given;
        if (element is null)
            return $"whether '{given.Name}' is there is not known before it runs";
        n.ReplaceBy(b.Identity(element));
        return null;
    }
}
