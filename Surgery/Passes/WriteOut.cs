namespace OnnxFineTune.Surgery;

/// <summary>
/// Writes operators out in simpler ones that compute the same (<see cref="Expansions"/>): for differentiation, which has no rule for them. Others keep their kernels.
/// </summary>
/// <remarks>Types and shapes must be inferred, and are to be inferred again; weights are not read.</remarks>
public static class WriteOut
{
    /// <summary>The operators that can be written out, those of other domains than the standard's as <c>domain.name</c>.</summary>
    public static IReadOnlyCollection<string> Known { get; } = [.. Expansions.All.Keys.Select(FullName)];

    /// <summary>
    /// What each of <see cref="Known"/> must have to be written out, empty where that is nothing beyond known ranks; with operators that go when those which read what they make
    /// are written out.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Limits { get; } = Expansions.All.Keys.Union(Expansions.Limits.Keys).ToDictionary(FullName, k => Expansions.Limits.GetValueOrDefault(k, ""));

    /// <summary>Whether this pass knows how to write the node's operator out.</summary>
    public static bool Knows(Node node) => Expansions.Find(node) is not null;

    /// <summary>Writes nodes out in place.</summary>
    /// <param name="graph">The graph of a model in working form, or of a later operator set.</param>
    /// <param name="nodes">The nodes, of this graph; those of which nothing is known stay as they are.</param>
    /// <returns>Whether there was one to write out.</returns>
    /// <exception cref="GraphException">A node cannot be written out; the message names it, the reason and the remedy. The graph is then half changed.</exception>
    public static bool Run(Graph graph, IReadOnlyCollection<Node> nodes)
    {
        HashSet<Node> asked = [.. nodes.Where(Knows)];
        GraphBuilder builder = new(graph);
        foreach (Node node in graph.Nodes.ToArray())
            if (asked.Contains(node) || SequenceExpansions.IsKnownLength(node))
                Run(node, builder);
        return asked.Count > 0;
    }

    private static void Run(Node node, GraphBuilder builder)
    {
        builder.Before = node;
        builder.Prefix = node.Name.Length > 0 ? node.Name : "written_out";
        if (Expansions.Find(node)!(node, builder) is { } reason)
            throw new GraphException($"{node} can only be differentiated when it is written out in simpler operators, and {reason}; or freeze everything before it, or cut there.");
    }

    private static string FullName((string Domain, string OpType) key) => key.Domain.Length > 0 ? $"{key.Domain}.{key.OpType}" : key.OpType;
}
