namespace OnnxFineTune.Surgery;

/// <summary>If, Loop and Scan without subgraphs: the branch that is taken or both, and the rounds one after the other where their number is known.</summary>
internal static class ControlFlowExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "If")] = Choose,
        [(Model.StandardDomain, "Loop")] = LoopExpansion.Unroll,
        [(Model.StandardDomain, "Scan")] = ScanExpansion.Unroll,
    };

    /// <summary>What an operator must have to be written out, for the table of gradients.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(Model.StandardDomain, "If")] = "branches of equal, known shapes, or a constant condition",
        [(Model.StandardDomain, "Loop")] = $"a known number of rounds, at most {TripCount.Largest}",
        [(Model.StandardDomain, "Scan")] = "a known number of rounds",
    };

    /// <summary>
    /// The branch that a constant condition takes; else both are computed and each output is chosen from the two, which must agree in shape. A branch that is not taken gets a
    /// gradient of zero then, which stays zero only where its derivatives are finite.
    /// </summary>
    private static string? Choose(Node n, GraphBuilder b)
    {
        Value condition = n.Inputs[0]!;
        if (condition.ConstantContent() is { } known)
        {
            n.ReplaceBy([.. Branch(n, b, known.Bytes.Span[0] != 0).Select(b.Identity)]);
            return null;
        }
        if (n.Outputs.FirstOrDefault(o => o is not null && !IsKnown(o)) is { } open)
            return $"its condition '{condition.Name}' is computed while its branches give '{open.Name}' in different shapes, or in shapes that are not known: "
                + "give the dimensions of the model's inputs that the condition follows from fixed sizes, or export the model with the branch that it needs";
        Value single = condition.Shape is { Rank: 0 } ? condition : b.Reshape(condition, []);
        Value[] then = Branch(n, b, true), otherwise = Branch(n, b, false);
        n.ReplaceBy([.. then.Zip(otherwise, (t, o) => b.Where(single, t, o))]);
        return null;
    }

    /// <summary>The runtime finds a shape of an If where both branches agree.</summary>
    private static bool IsKnown(Value output) => output.ElementType != ElementType.Undefined && output.Shape is { } shape && shape.All(d => d.IsStatic || d.Symbol is not null);

    private static Value[] Branch(Node n, GraphBuilder b, bool taken)
    {
        string name = taken ? "then_branch" : "else_branch";
        return new SubgraphRounds(b, n.Attributes.Graph(name)!).Append(name);
    }
}
