using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Switches Dropout from inference to training: x → x · mask / (1 − ratio). The mask does not come from the operator's own generator, which differs from one build of
/// ONNX Runtime to another and cannot be set back, but from <see cref="CounterRandom"/>: the same step drops the same elements everywhere.
/// </summary>
internal static class DropoutMode
{
    /// <summary>Whether a node is the standard's Dropout.</summary>
    public static bool IsDropout(Node node) => node is { OpType: "Dropout", Domain: Model.StandardDomain };

    /// <summary>Writes nodes out in other operators.</summary>
    /// <param name="nodes">Dropout nodes of one graph in working form; each gets masks of its own.</param>
    /// <param name="step">int64 [1]: the masks follow from it and the seed.</param>
    /// <param name="seed">Any number.</param>
    public static void Activate(IReadOnlyList<Node> nodes, Value step, int seed)
    {
        for (int i = 0; i < nodes.Count; i++)
            Activate(nodes[i], step, seed, stream: i);
    }

    private static void Activate(Node node, Value step, int seed, int stream)
    {
        GraphBuilder op = new(step.Graph, "dropout") { Before = node };
        Value x = node.Inputs[0]!, y = node.Outputs[0]!, ratio = node.Input(1) ?? op.Scalar(0.5);
        Value threshold = op.Mul(op.Cast(ratio, ElementType.Double), op.Scalar(CounterRandom.Range, ElementType.Double));
        Value keep = op.GreaterOrEqual(new CounterRandom(op, step, seed, stream).Like(x), op.Cast(threshold, ElementType.Int64));
        Value mask = op.Div(op.CastLike(keep, x), op.Sub(op.Scalar(1, x), op.CastLike(ratio, x)));
        Value dropped = op.Mul(x, mask);
        (keep.Shape, mask.Shape, dropped.Shape) = (x.Shape, x.Shape, x.Shape);
        node.Output(1)?.ReplaceUsesWith(keep);
        y.ReplaceUsesWith(dropped);
        step.Graph.RemoveNodes([node]);
        step.Graph.Rename(dropped, y.Name);
    }
}
