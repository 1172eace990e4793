using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Brings a model that is trained as it is to the output that the losses of classes and labels take: logits [N, C].</summary>
internal static class LogitsOutput
{
    private static readonly HashSet<string> Reshaping = ["Flatten", "Reshape", "Squeeze"];

    /// <summary>
    /// Takes the softmax or logistic function off the end, since these losses take what stands before it and the tuned model gets the loss's own again
    /// (<see cref="TunedModel"/>), and flattens [N, C, 1, 1].
    /// </summary>
    /// <param name="model">A model in working form; it is changed.</param>
    /// <param name="kind">What the loss takes its output for.</param>
    /// <returns>The operator that was taken off, or null.</returns>
    public static string? Restore(Model model, OutputKind kind)
    {
        if (kind == OutputKind.Values)
            return null;
        Graph graph = model.Graph;
        Node? last = graph.Outputs[0].Producer;
        while (last is { Domain: Model.StandardDomain } node && Reshaping.Contains(node.OpType))
            last = node.Inputs[0]!.Producer;
        string? removed = last is { Domain: Model.StandardDomain } && IsActivation(last) ? last.OpType : null;
        if (removed is not null)
        {
            last!.Outputs[0]!.ReplaceUsesWith(last.Inputs[0]!);
            graph.RemoveNodes([last]);
        }
        Flatten(graph);
        return removed;
    }

    /// <summary>Softmax counts where it runs over the classes, axis 1, with one position behind them.</summary>
    private static bool IsActivation(Node node) => node.OpType == "Sigmoid"
        || node.OpType is "Softmax" or "LogSoftmax" && node.Outputs[0]!.Shape is { Rank: > 1 } shape
            && (node.Attributes.Int("axis", -1) + shape.Rank) % shape.Rank == 1 && shape.Skip(2).All(d => d.Value == 1);

    private static void Flatten(Graph graph)
    {
        Value output = graph.Outputs[0];
        if (output.Shape is not { Rank: > 2 } shape || !shape.Skip(2).All(d => d.Value == 1))
            return;
        Value flat = new GraphBuilder(graph).Flatten(output);
        (flat.ElementType, flat.Shape) = (output.ElementType, new Shape(shape[0], shape[1]));
        graph.Rename(flat, graph.UniqueName("logits"));
        graph.SetOutputs(flat);
    }
}
