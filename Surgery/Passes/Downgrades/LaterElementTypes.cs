namespace OnnxFineTune.Surgery;

/// <summary>Element types that operators got after the working operator set. What is not listed here takes the same types as before.</summary>
internal static class LaterElementTypes
{
    /// <summary>Operators that take bfloat16 since version 22.</summary>
    private static readonly HashSet<string> BFloat16Since22 =
    [
        "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "AveragePool", "Bernoulli", "Conv", "ConvTranspose", "Cos", "Cosh", "DeformConv", "Det", "Dropout", "Elu",
        "EyeLike", "GRU", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "GridSample", "HardSigmoid", "HardSwish", "InstanceNormalization", "LSTM",
        "LpNormalization", "LpPool", "MaxPool", "MaxRoiPool", "MaxUnpool", "Mish", "Multinomial", "NegativeLogLikelihoodLoss", "RNN", "RandomNormal",
        "RandomNormalLike", "RandomUniform", "RandomUniformLike", "RoiAlign", "Round", "Selu", "Sin", "Sinh", "Softplus", "Softsign", "Tan", "ThresholdedRelu",
    ];

    /// <summary>Whether the graph speaks of types that some operator got later: where it does not, no value can have one.</summary>
    public static bool MayOccur(Graph graph) => DowngradeOpset.Graphs(graph).Any(g =>
        g.Values.Any(v => IsLate(v.ElementType)) || g.Nodes.Any(n => n.Attributes.Any(a => TypesOf(a).Any(IsLate))));

    /// <summary>The first node with an element type that it may not have at <paramref name="target"/>.</summary>
    public static DowngradeRefusal? Find(Graph graph, int target)
    {
        foreach (Node node in DowngradeOpset.Graphs(graph).SelectMany(g => g.Nodes))
            foreach (ElementType type in node.Inputs.Concat(node.Outputs).OfType<Value>().Select(v => v.ElementType).Concat(node.Attributes.SelectMany(TypesOf)))
                if (Since(node, type) is var version && version > target)
                    return new DowngradeRefusal(node, version, $"it has values of type {type}");
        return null;
    }

    private static bool IsLate(ElementType type) => type is ElementType.BFloat16 or > ElementType.Int4;

    private static int Since(Node node, ElementType type) => type switch
    {
        ElementType.Float4E2M1 => 23,
        ElementType.Float8E8M0 => 24,
        ElementType.UInt2 or ElementType.Int2 => 25,
        ElementType.BFloat16 when node.Domain != Model.StandardDomain => 1,
        ElementType.BFloat16 when BFloat16Since22.Contains(node.OpType) => 22,
        ElementType.BFloat16 when node.OpType is "TopK" or "SplitToSequence" => 24,
        _ => 1,
    };

    private static IEnumerable<ElementType> TypesOf(NodeAttribute attribute) => attribute switch
    {
        { Name: "to" or "dtype" or "output_dtype", Content: long type } => [(ElementType)type],
        { Content: TensorData tensor } => [tensor.ElementType],
        _ => [],
    };
}
