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
    /// The branch that a constant condition takes; else both are computed and each output is chosen from the two, which must agree in shape.
    /// </summary>
    /// <remarks>
    /// What a branch reads from around it is chosen too: zeros, where the branch is not taken. So nothing comes back through that choice, even where the gradient of the zeros that
    /// the branch is given is no finite number.
    /// </remarks>
    private static string? Choose(Node n, GraphBuilder b)
    {
        Value condition = n.Inputs[0]!;
        if (condition.ConstantContent() is { } known)
        {
            n.ReplaceBy([.. Branch(n, b, known.Bytes.Span[0] != 0, new Dictionary<Value, Value>()).Select(b.Identity)]);
            return null;
        }
        if (n.Outputs.FirstOrDefault(o => o is not null && !IsKnown(o)) is { } open)
            return $"its condition '{condition.Name}' is computed while its branches give '{open.Name}' in different shapes, or in shapes that are not known: "
                + "give the dimensions of the model's inputs that the condition follows from fixed sizes, or export the model with the branch that it needs";
        Value single = condition.Shape is { Rank: 0 } ? condition : b.Reshape(condition, []);
        Value[] then = Branch(n, b, true, Chosen(n, b, true, v => b.Where(single, v, b.ScalarLike(0, v))));
        Value[] otherwise = Branch(n, b, false, Chosen(n, b, false, v => b.Where(single, b.ScalarLike(0, v), v)));
        n.ReplaceBy([.. then.Zip(otherwise, (t, o) => b.Where(single, t, o))]);
        return null;
    }

    /// <summary>The runtime finds a shape of an If where both branches agree.</summary>
    private static bool IsKnown(Value output) => output.ElementType != ElementType.Undefined && output.Shape is { } shape && shape.All(d => d.IsStatic || d.Symbol is not null);

    private static Value[] Branch(Node n, GraphBuilder b, bool taken, IReadOnlyDictionary<Value, Value> outer) =>
        new SubgraphRounds(b, Graph(n, taken)).Append(Name(taken), outer);

    /// <summary>By real value that a branch reads from around it, what it reads instead.</summary>
    private static Dictionary<Value, Value> Chosen(Node n, GraphBuilder b, bool taken, Func<Value, Value> choose)
    {
        Graph branch = Graph(n, taken);
        IEnumerable<Value> read = branch.Nodes.SelectMany(TopologicalOrder.Reads).Concat(branch.Outputs).Where(v => v.Graph == n.Graph).Distinct();
        return read.Where(v => v.ElementType.IsFloatingPoint()).ToDictionary(v => v, v => Described(choose(v), v));
    }

    private static Value Described(Value value, Value like)
    {
        (value.ElementType, value.Shape) = (like.ElementType, like.Shape);
        return value;
    }

    private static Graph Graph(Node n, bool taken) => n.Attributes.Graph(Name(taken))!;

    private static string Name(bool taken) => taken ? "then_branch" : "else_branch";
}
