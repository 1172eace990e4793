namespace OnnxFineTune.Surgery;

/// <summary>Takes the nodes of an adapter out again: the reverse of <see cref="AdapterNodes"/>.</summary>
internal static class AdapterRemoval
{
    /// <summary>Removes A and B of a weight and all nodes between them and where they are added.</summary>
    /// <param name="weight">Name of the weight.</param>
    /// <exception cref="GraphException">The nodes are not as they were appended.</exception>
    public static void Run(Graph graph, string weight)
    {
        Value original = graph.Get(weight);
        HashSet<Node> nodes = [];
        foreach (string parameter in new[] { Model.AdapterA(weight), Model.AdapterB(weight) })
            foreach (Use use in graph.Get(parameter).Uses.ToArray())
                Bypass(Follow(use, nodes, weight), original);
        Value[] constants = [.. nodes.SelectMany(n => n.Inputs).OfType<Value>().Where(v => v.IsInitializer && v != original).Distinct()];
        graph.RemoveNodes(nodes);
        foreach (Value constant in constants.Where(c => c.Uses.Count == 0))
            graph.RemoveInitializer(constant);
    }

    /// <summary>The node that adds what the adapter computes, on the way from a use of A or B.</summary>
    private static Node Follow(Use use, HashSet<Node> nodes, string weight)
    {
        for (Node node = use.Node; ; node = node.Outputs[0]!.Uses[0].Node)
        {
            nodes.Add(node);
            if (node.OpType == "Add" || (node.OpType == "Gemm" && node.Input(2) is not null))
                return node;
            if (node.OpType is not ("Mul" or "MatMul" or "Gemm" or "Reshape" or "Transpose" or "Conv") || node.Outputs[0] is not { Uses.Count: 1, IsOutput: false })
                throw new GraphException($"The adapter of '{weight}' cannot be merged: {node} is not as it was attached. Merge before such changes.");
        }
    }

    /// <summary>Makes all read what was added to, which gets its name back.</summary>
    private static void Bypass(Node join, Value original)
    {
        Value sum = join.Outputs[0]!;
        Value before = join.OpType == "Gemm" ? join.Inputs[2]! : join.Inputs[0]!;
        if (sum.Uses.Count == 0 && !sum.IsOutput)
            return;                                     // bypassed on the way from the other of the two
        sum.ReplaceUsesWith(before);
        if (before == original)
            return;
        Graph graph = sum.Graph;
        string name = sum.Name, nodeName = before.Producer!.Name;
        graph.Rename(sum, graph.UniqueName($"{name}{Model.BeforeAdapter}"));
        graph.Rename(before, name);
        before.Producer.Name = nodeName;
    }
}
