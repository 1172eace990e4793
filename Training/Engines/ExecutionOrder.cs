using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Orders the nodes of a step so that ONNX Runtime holds few activations at a time. It runs no node list from front to back: it begins with the last of the nodes whose results no
/// other node reads, runs what that one needs, and of a node's inputs computes the one first whose node stands last.
/// </summary>
internal static class ExecutionOrder
{
    /// <summary>
    /// The longest way from the inputs decides. Updates of the last layers, with the shortest way, run first and free what their layers kept; within a node, the gradient that comes a long
    /// way is computed before the mask or copy that it meets.
    /// </summary>
    public static void Arrange(Graph graph)
    {
        Dictionary<Node, int> depths = [];
        foreach (Node node in graph.Nodes)
            depths[node] = TopologicalOrder.Reads(node).Max(v => v.Producer is { } producer && depths.TryGetValue(producer, out int depth) ? depth + 1 : 0);
        ILookup<bool, Node> nodes = graph.Nodes.ToLookup(n => n.Outputs.All(o => o is null || o.Uses.Count == 0));
        graph.Arrange([.. nodes[false].OrderBy(n => depths[n]), .. nodes[true].OrderByDescending(n => depths[n])]);
    }
}
