using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Writes BatchNormalization in training mode out in other operators, once gradients are there: ONNX Runtime's kernel of that mode writes over the running statistics that it is given, be they inputs
/// or weights, and works on one thread.
/// </summary>
internal static class TrainingModeNodes
{
    /// <summary>Replaces the nodes of a graph that are in training mode without momentum, so that their second and third output are the statistics of the batch.</summary>
    /// <exception cref="GraphException">The rank of an input is unknown.</exception>
    public static void WriteOut(Graph graph)
    {
        Node[] nodes = [.. graph.Nodes.Where(n => BatchStatistics.IsBatchNormalization(n) && n.Attributes.Int("training_mode") != 0)];
        foreach (Node node in nodes)
            WriteOut(node, new GraphBuilder(graph, node.Outputs[0]!.Name) { Before = node });
        graph.RemoveNodes(nodes);
    }

    /// <summary>The mean is taken off first: the backward pass reads the differences too, and their squares do not cancel as E[x²] − E[x]² does.</summary>
    private static void WriteOut(Node node, GraphBuilder op)
    {
        Value x = node.Inputs[0]!;
        int rank = x.Shape?.Rank ?? throw new GraphException($"The rank of the input of {node} is unknown, so its statistics cannot be taken from the batch; leave BatchNormalization frozen.");
        long[] axes = BatchNormalizationGradients.Axes(rank);
        Value mean = op.ReduceMean(x, axes, keepDims: false);
        Value centred = op.Sub(x, NormalizationGradients.PerChannel(op, mean, rank));
        Value variance = op.ReduceMean(op.Mul(centred, centred), axes, keepDims: false);
        Value normalized = op.Op("BatchNormalization", [centred, node.Inputs[1], node.Inputs[2], op.Sub(mean, mean), variance], ("epsilon", node.Attributes.Float("epsilon", 1e-5f)));
        normalized.Shape = node.Outputs[0]!.Shape;
        node.Outputs[0]!.ReplaceUsesWith(normalized);
        node.Outputs[1]!.ReplaceUsesWith(mean);
        node.Outputs[2]!.ReplaceUsesWith(variance);
    }
}
