using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Switches Dropout between inference and training.</summary>
internal static class DropoutMode
{
    /// <summary>Whether a node is the standard's Dropout.</summary>
    public static bool IsDropout(Node node) => node is { OpType: "Dropout", Domain: Model.StandardDomain };

    /// <summary>Makes each Dropout whose output is among <paramref name="outputs"/> zero elements at random, with a seed of its own from <paramref name="seed"/>.</summary>
    /// <remarks>ONNX Runtime draws from a generator per node, so the masks of a new session are the same, run after run.</remarks>
    public static void Activate(Graph graph, HashSet<string> outputs, int seed)
    {
        GraphBuilder op = new(graph, "dropout");
        int number = 0;
        foreach (Node node in graph.Nodes.Where(n => IsDropout(n) && outputs.Contains(n.Outputs[0]!.Name)).ToArray())
        {
            node.SetInput(2, op.Scalar(1, ElementType.Bool));
            node.Attributes.Set("seed", unchecked((long)(uint)(seed * 7919 + number++)));
        }
    }
}
