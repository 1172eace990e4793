namespace OnnxFineTune.Surgery;

/// <summary>Orders the nodes of a graph so that each comes after the producers of its inputs, those of its subgraphs included.</summary>
internal static class TopologicalOrder
{
    public static List<Node> Of(Graph graph)
    {
        List<Node> sorted = new(graph.Nodes.Count);
        HashSet<Node> done = [], open = [];
        Stack<(Node Node, IEnumerator<Node> Before)> path = new();
        foreach (Node root in graph.Nodes)
        {
            Enter(root);
            while (path.Count > 0)       // an explicit stack: deep networks would overflow the thread's
            {
                (Node node, IEnumerator<Node> before) = path.Peek();
                if (before.MoveNext())
                {
                    Enter(before.Current);
                    continue;
                }
                path.Pop();
                open.Remove(node);
                done.Add(node);
                sorted.Add(node);
            }
        }
        return sorted;

        void Enter(Node node)
        {
            if (done.Contains(node))
                return;
            if (!open.Add(node))
                throw new GraphException($"The graph '{graph.Name}' has a cycle through {node}; an ONNX graph must not have one.");
            path.Push((node, Reads(node).Where(v => v.Graph == graph).Select(v => v.Producer).OfType<Node>().GetEnumerator()));
        }
    }

    /// <summary>The values that a node reads, itself and in its subgraphs.</summary>
    public static IEnumerable<Value> Reads(Node node) =>
        node.Inputs.OfType<Value>().Concat(node.Attributes.Subgraphs.SelectMany(g => g.Nodes.SelectMany(Reads).Concat(g.Outputs)));
}
