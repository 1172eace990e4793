using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Switches Dropout between inference and training.</summary>
internal static class DropoutMode
{
    /// <summary>Makes every Dropout of the graph zero elements at random; each gets a seed of its own from <paramref name="seed"/>.</summary>
    /// <remarks>ONNX Runtime draws from a generator per node, so the masks of a new session are the same, run after run.</remarks>
    public static void Activate(Graph graph, int seed)
    {
        GraphBuilder op = new(graph, "dropout");
        int number = 0;
        foreach (Node node in graph.Nodes.Where(n => n.OpType == "Dropout" && n.Domain == Model.StandardDomain).ToArray())
        {
            node.SetInput(2, op.Scalar(1, ElementType.Bool));
            node.Attributes.Set("seed", unchecked((long)(uint)(seed * 7919 + number++)));
        }
    }
}
