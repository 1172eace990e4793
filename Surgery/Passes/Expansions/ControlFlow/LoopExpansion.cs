namespace OnnxFineTune.Surgery;

/// <summary>A Loop whose number of rounds is known, round by round.</summary>
internal static class LoopExpansion
{
    /// <summary>Values carried from round to round stay values; scan outputs are put together from those of all rounds.</summary>
    public static string? Unroll(Node n, GraphBuilder b)
    {
        if (TripCount.Of(n) is not int rounds)
            return $"for that the number of its rounds must be known, and not depend on what is fed{Culprit(n)}: give the dimensions of the model's inputs that it follows from fixed sizes";
        if (rounds > TripCount.Largest)
            return $"it makes more than {TripCount.Largest} rounds, too many to write out";
        Graph body = n.Attributes.Graph("body")!;
        Value[] state = [.. n.Inputs.Skip(2).OfType<Value>()];
        List<Value>[] scanned = [.. body.Outputs.Skip(1 + state.Length).Select(_ => new List<Value>())];
        if (rounds == 0 && Enumerable.Range(state.Length, scanned.Length).Any(i => n.Output(i) is not null))
            return "it makes no round, so that what it collects is empty: leave that output out";
        SubgraphRounds copies = new(b, body);
        Value goesOn = Like(b, body.Inputs[1], b.Constant(TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 1 })));
        for (int i = 0; i < rounds; i++)
        {
            Value[] results = copies.Append($"{i}", [Like(b, body.Inputs[0], b.Long(i)), goesOn, .. state]);
            state = results[1..(1 + state.Length)];
            foreach ((List<Value> parts, Value part) in scanned.Zip(results.Skip(1 + state.Length)))
                parts.Add(b.Unsqueeze(part, 0));
        }
        n.ReplaceBy([.. state.Select(b.Identity), .. scanned.Select((s, i) => n.Output(state.Length + i) is null ? null : b.Identity(b.Concat(0, s)))]);
        return null;
    }

    /// <summary>A body may declare round number and condition with one dimension.</summary>
    private static Value Like(GraphBuilder b, Value parameter, Value scalar) => parameter.Shape is { Rank: 1 } ? b.Reshape(scalar, 1) : scalar;

    private static string Culprit(Node n) =>
        n.Input(0) is { } count && count.ConstantContent() is null ? $", as '{count.Name}' does"
        : n.Input(1) is { } condition && condition.ConstantContent() is null ? $", as '{condition.Name}' does" : ", as the condition inside it does";
}
