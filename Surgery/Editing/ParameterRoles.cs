namespace OnnxFineTune.Surgery;

/// <summary>Tells by the nodes that read a parameter whether it is a bias, or belongs to a normalization.</summary>
internal static class ParameterRoles
{
    /// <summary>Operators with a bias, and the inputs that take it.</summary>
    private static readonly Dictionary<string, int[]> BiasInputs = new()
    {
        ["Conv"] = [2], ["ConvTranspose"] = [2], ["DeformConv"] = [3], ["Gemm"] = [2], ["FusedConv"] = [2], ["FusedGemm"] = [2],
        ["LSTM"] = [3], ["GRU"] = [3], ["RNN"] = [3],
        ["Attention"] = [2], ["MultiHeadAttention"] = [3], ["BiasGelu"] = [1], ["FastGelu"] = [1],
        ["BatchNormalization"] = [2], ["InstanceNormalization"] = [2], ["LayerNormalization"] = [2], ["GroupNormalization"] = [2],
        ["SkipLayerNormalization"] = [3, 4], ["SkipSimplifiedLayerNormalization"] = [3],
    };

    /// <summary>Normalizations, and the inputs that take scale and bias.</summary>
    private static readonly Dictionary<string, int[]> NormalizationInputs = new()
    {
        ["BatchNormalization"] = [1, 2], ["InstanceNormalization"] = [1, 2], ["LayerNormalization"] = [1, 2], ["GroupNormalization"] = [1, 2],
        ["RMSNormalization"] = [1], ["SimplifiedLayerNormalization"] = [1], ["SkipLayerNormalization"] = [2, 3], ["SkipSimplifiedLayerNormalization"] = [2],
    };

    private static readonly HashSet<string> Products = ["MatMul", "FusedMatMul", "Gemm", "Conv", "ConvTranspose", "Einsum"];

    /// <summary>What nodes take as bias, and what is added per channel to a product or behind the scale of a normalization.</summary>
    public static IEnumerable<Value> BiasesOf(Graph graph) =>
        graph.Nodes.SelectMany(n => Inputs(n, BiasInputs).Concat(AddedTo(n, v => v.Producer is { } p && Products.Contains(p.OpType) || ScaleOf(v) is not null))).Distinct();

    /// <summary>What nodes take as scale and bias, and what multiplies a normalized value per channel and is added to that.</summary>
    public static IEnumerable<Value> NormalizationOf(Graph graph) =>
        graph.Nodes.SelectMany(n => Inputs(n, NormalizationInputs)).Concat(graph.Nodes.SelectMany(WrittenOut)).Distinct();

    private static IEnumerable<Value> WrittenOut(Node node) =>
        AddedTo(node, v => ScaleOf(v) is not null).Concat(node.OpType == "Mul" && ScaleOf(node.Outputs[0]!) is { } scale ? [scale] : []);

    private static IEnumerable<Value> Inputs(Node node, Dictionary<string, int[]> table) =>
        table.TryGetValue(node.OpType, out int[]? inputs) && !IsScaledBehind(node) ? inputs.Select(i => ConstantSource.Of(node.Input(i))).OfType<Value>() : [];

    /// <summary>The parameter per channel that an Add adds to a value of some kind.</summary>
    private static IEnumerable<Value> AddedTo(Node node, Func<Value, bool> isKind)
    {
        if (node.OpType != "Add")
            yield break;
        for (int i = 0; i < 2; i++)
            if (PerChannel(node.Input(i)) is { } bias && node.Input(1 - i) is { } other && isKind(Unmoved(other)))
                yield return bias;
    }

    /// <summary>The parameter per channel by which a normalized value was multiplied to give this one, or null.</summary>
    private static Value? ScaleOf(Value value)
    {
        if (value.Producer is not { OpType: "Mul" } node)
            return null;
        for (int i = 0; i < 2; i++)
            if (PerChannel(node.Input(i)) is { } scale && node.Input(1 - i) is { } other && IsNormalized(Unmoved(other)))
                return scale;
        return null;
    }

    /// <summary>Whether a scale of its own stands behind a normalization, as where PyTorch exports GroupNorm: what the node itself takes are ones and zeros then.</summary>
    private static bool IsScaledBehind(Node node)
    {
        if (node.OpType != "InstanceNormalization")
            return false;
        Value value = node.Outputs[0]!;
        while (value.Uses is [{ Index: 0 } only] && ConstantSource.IsRespelling(only.Node))
            value = only.Node.Outputs[0]!;
        return value.Uses is [{ Node.OpType: "Mul" } use] && ScaleOf(use.Node.Outputs[0]!) is not null;
    }

    private static bool IsNormalized(Value value) => value.Producer is { } node && node.OpType switch
    {
        "InstanceNormalization" or "MeanVarianceNormalization" => true,
        "Div" => IsDeviation(node.Input(1)),
        "Mul" => IsInverseDeviation(node.Input(0)) || IsInverseDeviation(node.Input(1)),
        _ => false,
    };

    /// <summary>1/√(mean + ε).</summary>
    private static bool IsInverseDeviation(Value? value) => value?.Producer switch
    {
        { OpType: "Reciprocal" } inverse => IsDeviation(inverse.Input(0)),
        { OpType: "Div" } quotient => ConstantSource.Of(quotient.Input(0)) is not null && IsDeviation(quotient.Input(1)),
        { OpType: "Pow" } power => IsMeanWithEpsilon(power.Input(0)),
        _ => false,
    };

    /// <summary>√(mean + ε).</summary>
    private static bool IsDeviation(Value? value) => value?.Producer is { OpType: "Sqrt" or "Pow" } root && IsMeanWithEpsilon(root.Input(0));

    private static bool IsMeanWithEpsilon(Value? value) => value?.Producer is { OpType: "Add" } sum
        && (sum.Input(0)?.Producer?.OpType == "ReduceMean" || sum.Input(1)?.Producer?.OpType == "ReduceMean");

    /// <summary>The parameter of at most one dimension other than 1 that a value is, or null.</summary>
    private static Value? PerChannel(Value? value) => ConstantSource.Of(value) is { Shape: { Rank: > 0 } shape } constant && shape.Count(d => d.Value != 1) <= 1 ? constant : null;

    /// <summary>The value before its elements were moved or given another shape.</summary>
    private static Value Unmoved(Value value)
    {
        while (value.Producer is { } node && ConstantSource.IsRespelling(node) && node.Input(0) is { } source)
            value = source;
        return value;
    }
}
