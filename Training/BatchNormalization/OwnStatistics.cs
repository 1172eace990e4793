using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Gives running statistics that a BatchNormalization layer shares with something else to the layer alone, so that training one does not change the other: exporters store equal tensors once,
/// as the zeros and ones of a network that was never trained, where a scale is then the variance of other layers too. Other models stay as they are.
/// </summary>
/// <remarks>Nodes that read the same scale and bias are one layer applied several times, and go on sharing. Subgraphs stay as they are.</remarks>
internal static class OwnStatistics
{
    /// <summary>Changes a model in place, before constants are brought to one spelling; the same model gets the same names each time.</summary>
    public static void Run(Model model)
    {
        Graph graph = model.Graph;
        Dictionary<(Value, Value?, Value?, int), Value> copies = [];
        foreach (Node node in graph.Nodes.Where(BatchStatistics.IsBatchNormalization).ToArray())
            foreach (int index in new[] { BatchStatistics.Mean, BatchStatistics.Variance })
                if (node.Input(index) is { } statistic && IsShared(statistic, node, index) && Constant(statistic) is { } data)
                {
                    (Value, Value?, Value?, int) key = (statistic, node.Input(1), node.Input(2), index);
                    if (!copies.TryGetValue(key, out Value? copy))
                        copies[key] = copy = Copy(graph, statistic, data);
                    node.SetInput(index, copy);
                }
        RemoveSpellings(graph, [.. copies.Keys.Select(k => k.Item1)]);
    }

    private static bool IsShared(Value statistic, Node node, int index) => statistic.Producer is not null || statistic.IsOutput || statistic.Uses.Any(u =>
        u.Index != index || !BatchStatistics.IsBatchNormalization(u.Node) || u.Node.Input(1) != node.Input(1) || u.Node.Input(2) != node.Input(2));

    /// <summary>The tensor behind a value: of an initializer or a Constant node, perhaps behind Identity nodes.</summary>
    private static TensorData? Constant(Value value)
    {
        while (value.Producer is { OpType: "Identity", Domain: Model.StandardDomain } identity && identity.Input(0) is { } source)
            value = source;
        return value.Producer is { OpType: "Constant", Domain: Model.StandardDomain } constant ? constant.Attributes.Tensor("value") : value.Data;
    }

    /// <summary>A new initializer; it takes the name of a value that a node computes.</summary>
    private static Value Copy(Graph graph, Value statistic, TensorData data)
    {
        string name = statistic.Name;
        if (statistic is { Producer: not null, IsOutput: false })
            graph.Rename(statistic, graph.UniqueName($"{name}_shared"));
        return graph.AddInitializer(name, data);
    }

    /// <summary>Removes Identity and Constant nodes that nothing reads any more.</summary>
    private static void RemoveSpellings(Graph graph, IEnumerable<Value> statistics)
    {
        foreach (Node node in statistics.Select(s => s.Producer).OfType<Node>().Distinct().ToArray())
            if (node.Outputs.All(o => o is null || o.Uses.Count == 0 && !o.IsOutput))
                graph.RemoveNodes([node]);
    }
}
