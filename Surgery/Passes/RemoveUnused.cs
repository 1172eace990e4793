namespace OnnxFineTune.Surgery;

/// <summary>Removes nodes, and constants, that no graph output depends on. Inputs that a caller feeds stay.</summary>
public static class RemoveUnused
{
    /// <summary>Removes what is unused in <paramref name="graph"/> and in the subgraphs of its nodes.</summary>
    public static void Run(Graph graph)
    {
        foreach (Graph subgraph in graph.Nodes.SelectMany(n => n.Attributes.Subgraphs))
            Run(subgraph);
        HashSet<Value> outputs = [.. graph.Outputs];
        HashSet<Node> needed = [];
        Stack<Node> open = new(outputs.Select(v => v.Producer).OfType<Node>().Where(n => n.Graph == graph));
        while (open.TryPop(out Node? node))
            if (needed.Add(node))
                foreach (Value read in TopologicalOrder.Reads(node))
                {
                    if (read.Graph != graph)
                        continue;
                    outputs.Add(read);
                    if (read.Producer is { } producer)
                        open.Push(producer);
                }
        graph.RemoveNodes([.. graph.Nodes.Where(n => !needed.Contains(n))]);
        foreach (Value initializer in graph.Initializers.Where(v => !outputs.Contains(v)).ToArray())
            graph.RemoveInitializer(initializer);
    }
}
