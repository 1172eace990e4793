namespace OnnxFineTune.Surgery;

/// <summary>Counts layers from the output.</summary>
internal static class LastLayers
{
    private static readonly HashSet<string> Layers = ["Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN"];

    /// <summary>The features that remain without the last layers: the last cut in front of them, before their own dropout.</summary>
    /// <exception cref="GraphException">No cut leaves exactly that many layers behind it.</exception>
    public static Value Features(Graph graph, Value output, int layers)
    {
        DataPaths paths = new(graph, output);
        int[] layersUpTo = new int[paths.Nodes.Count + 1];
        for (int i = 0; i < paths.Nodes.Count; i++)
            layersUpTo[i + 1] = layersUpTo[i] + (IsLayer(paths.Nodes[i]) ? 1 : 0);
        (Value Value, int Behind)[] cuts = [.. paths.Cuts.Where(v => v.ElementType is ElementType.Float or ElementType.Undefined)
            .Select(v => (v, layersUpTo[^1] - layersUpTo[paths.NodesUpTo(v)]))];
        Value? features = layers < 1 ? null : cuts.LastOrDefault(c => c.Behind == layers).Value;
        return features is not null ? ClassifierTail.BeforeDropout(features) : throw new GraphException(
            $"The last {layers} layers cannot be removed: {Reason(layers, layersUpTo[^1])}. {Possible(layers, [.. cuts.Select(c => c.Behind).Where(b => b > 0).Distinct()])}");
    }

    private static bool IsLayer(Node node) =>
        node.Domain == Model.StandardDomain && Layers.Contains(node.OpType) && ConstantSource.Of(node.Input(1)) is { ElementType: ElementType.Float };

    private static string Reason(int layers, int all) => layers < 1 ? "the number must be at least 1"
        : layers > all ? $"the model has {all}" : "the cut would lie inside a block with parallel paths";

    private static string Possible(int layers, int[] numbers)
    {
        int[] nearest = [.. numbers.OrderBy(n => Math.Abs(n - layers)).Take(4).Order()];
        return nearest.Length == 0 ? "No layer can be removed; attach the head to the output as it is." : $"Possible numbers near it: {string.Join(", ", nearest)}.";
    }
}
