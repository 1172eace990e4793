using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Reverse-mode differentiation of an ONNX graph into an ONNX graph.</summary>
public static class Differentiation
{
    /// <summary>Appends the backward pass to the graph of <paramref name="loss"/>.</summary>
    /// <param name="builder">Appends to the graph of the loss; its nodes must be in the working operator set, with shapes inferred.</param>
    /// <param name="loss">A float scalar, or a tensor with one element.</param>
    /// <param name="parameters">The values to differentiate by: weights, or any other values. Only nodes between one of them and the loss are visited.</param>
    /// <param name="kernels">The operators in which the gradients are written; the model must import the domain <c>com.microsoft</c> for those of the training build.</param>
    /// <returns>
    /// dL/dθ by parameter, each of its parameter's type and shape; a parameter that does not reach the loss is missing. Nodes that no
    /// gradient needs are removed again; constants that none needs stay for <see cref="RemoveUnused"/>.
    /// </returns>
    /// <exception cref="GraphException">An operator on the way has no rule; the message names it, the path, and what to freeze instead.</exception>
    public static IReadOnlyDictionary<Value, Value> Append(GraphBuilder builder, Value loss, IReadOnlyCollection<Value> parameters,
        GradientKernels kernels = GradientKernels.Standard)
    {
        if (loss.Graph != builder.Graph)
            throw new GraphException($"The loss '{loss.Name}' is of another graph than the one that gradients are added to.");
        if (!loss.ElementType.IsFloatingPoint() || loss.Shape?.ElementCount is not 1)
            throw new GraphException($"The loss '{loss.Name}' must be one floating-point number, but is {loss.ElementType} " +
                $"{loss.Shape?.ToString() ?? "of unknown shape"}; reduce it to its mean or sum first.");
        int count = builder.Graph.Nodes.Count;
        return Append(builder, loss, builder.Ones(loss), count, parameters, kernels);
    }

    /// <summary>Appends the backward pass from a value whose gradient is known, for example the logits of a loss that states its own.</summary>
    /// <param name="builder">Appends to the graph of the value; its nodes must be in the working operator set, with shapes inferred.</param>
    /// <param name="value">Where the walk starts.</param>
    /// <param name="gradient">dL/d(value), of its shape.</param>
    /// <param name="parameters">As above.</param>
    /// <param name="kernels">As above.</param>
    /// <returns>As above.</returns>
    /// <exception cref="GraphException">As above.</exception>
    public static IReadOnlyDictionary<Value, Value> Append(GraphBuilder builder, Value value, Value gradient, IReadOnlyCollection<Value> parameters,
        GradientKernels kernels = GradientKernels.Standard) =>
        Append(builder, value, gradient, builder.Graph.Nodes.Count, parameters, kernels);

    private static Dictionary<Value, Value> Append(GraphBuilder builder, Value value, Value gradient, int forwardCount, IReadOnlyCollection<Value> parameters,
        GradientKernels kernels)
    {
        Node[] forward = [.. builder.Graph.Nodes.Take(forwardCount)];
        BackwardWalk walk = new(builder, TrainablePaths.From(parameters, forward), GradientRules.For(kernels));
        Dictionary<Value, Value> gradients = walk.Run(value, gradient, parameters, forward);
        RemoveUnneeded(builder.Graph, forward.Length, gradients.Values);
        return gradients;
    }

    /// <summary>Removes those of the new nodes, all at the end of the graph, that no gradient depends on.</summary>
    private static void RemoveUnneeded(Graph graph, int forwardCount, IEnumerable<Value> gradients)
    {
        HashSet<Value> needed = [.. gradients];
        List<Node> unneeded = [];
        for (int i = graph.Nodes.Count - 1; i >= forwardCount; i--)
        {
            Node node = graph.Nodes[i];
            if (node.Outputs.Any(o => o is not null && needed.Contains(o)))
                needed.UnionWith(node.Inputs.OfType<Value>());
            else
                unneeded.Add(node);
        }
        graph.RemoveNodes(unneeded);
    }
}
