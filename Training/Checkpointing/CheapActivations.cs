using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Activations that are written in several elementwise nodes, as GELU (Div, Erf, Add, Mul, Mul): each node's result is as large as the input, and all of them would be
/// kept for the backward pass. Computing them again costs little, and ONNX Runtime can fuse the forward nodes when nothing else reads what passes between them.
/// </summary>
internal static class CheapActivations
{
    private static readonly HashSet<string> Elementwise = ["Sigmoid", "HardSigmoid", "Tanh", "Erf", "Softplus", "Add", "Sub", "Mul", "Div", "Neg", "Clip"];

    /// <summary>Groups of nodes, each a function of one large value and of constants, in the order of <paramref name="nodes"/>.</summary>
    /// <param name="nodes">In topological order, with shapes.</param>
    public static IEnumerable<Node[]> Find(IReadOnlyList<Node> nodes)
    {
        Dictionary<Value, Value> sources = [];
        Dictionary<Value, List<Node>> groups = [];
        foreach (Node node in nodes)
            if (SourceOf(node, sources) is { } source)
            {
                sources[node.Outputs[0]!] = source;
                if (!groups.TryGetValue(source, out List<Node>? group))
                    groups[source] = group = [];
                group.Add(node);
            }
        return groups.Values.Where(g => g.Count > 1).Select(g => g.ToArray());
    }

    /// <summary>The one value that is not constant of which the node's result is a function, element by element; null where there is no such value, or it is small.</summary>
    private static Value? SourceOf(Node node, Dictionary<Value, Value> sources)
    {
        if (node.Domain != Model.StandardDomain || !Elementwise.Contains(node.OpType) || !ActivationSize.IsLarge(node.Outputs[0]!))
            return null;
        Value[] found = [.. node.Inputs.OfType<Value>().Where(i => !i.IsInitializer).Select(i => sources.GetValueOrDefault(i, i)).Distinct()];
        return found is [{ Shape: { } shape, Producer: not null }] && shape.Equals(node.Outputs[0]!.Shape) ? found[0] : null;
    }
}
