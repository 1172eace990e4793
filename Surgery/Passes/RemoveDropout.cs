namespace OnnxFineTune.Surgery;

/// <summary>Removes Dropout, which passes its input through at inference; a node that is told to train, or whose mask is read, stays. Ratios that nothing else reads go too.</summary>
public static class RemoveDropout
{
    /// <summary>Removes in place.</summary>
    public static void Run(Graph graph)
    {
        Node[] idle = [.. graph.Nodes.Where(n => n is { OpType: "Dropout", Domain: Model.StandardDomain } && n.Input(2) is null && n.Output(1) is not { Uses.Count: > 0 } && n.Output(1) is not { IsOutput: true })];
        foreach (Node node in idle)
            node.Outputs[0]!.ReplaceUsesWith(node.Inputs[0]!);
        Value[] ratios = [.. idle.Select(n => n.Input(1)).OfType<Value>().Where(v => v.Graph == graph && v.IsInitializer).Distinct()];
        graph.RemoveNodes(idle);
        foreach (Value ratio in ratios.Where(r => r.Uses.Count == 0 && !r.IsOutput))
            graph.RemoveInitializer(ratio);
    }
}
