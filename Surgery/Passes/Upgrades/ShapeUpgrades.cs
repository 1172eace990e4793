namespace OnnxFineTune.Surgery;

/// <summary>Steps of operators that rearrange elements: their attributes became inputs.</summary>
internal static class ShapeUpgrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>
    {
        [("Slice", 10)] = Slice,
        [("TopK", 10)] = (n, b) => n.MoveToInput("k", 1, b),
        [("Pad", 11)] = Pad,
        [("Scatter", 11)] = (n, _) => n.OpType = "ScatterElements",
        [("Squeeze", 13)] = (n, b) => n.MoveToInput("axes", 1, b),
        [("Unsqueeze", 13)] = (n, b) => n.MoveToInput("axes", 1, b),
        [("Split", 13)] = (n, b) => n.MoveToInput("split", 1, b),
        [("Split", 18)] = CountOutputs,
    };

    private static void Slice(Node n, GraphBuilder b)
    {
        n.MoveToInput("starts", 1, b);
        n.MoveToInput("ends", 2, b);
        n.MoveToInput("axes", 3, b);
    }

    private static void Pad(Node n, GraphBuilder b)
    {
        n.MoveToInput("pads", 1, b);
        if (n.Attributes["value"] is { Content: float value } && value != 0)
            n.SetInput(2, b.Scalar(value, n.Inputs[0]!));
        n.Attributes.Remove("value");
    }

    private static void CountOutputs(Node n, GraphBuilder b)
    {
        if (n.Input(1) is null)
            n.Attributes.Set("num_outputs", n.Outputs.Count);
    }
}
