namespace OnnxFineTune.Surgery;

/// <summary>Tells which initializers of a model are parameters, in the sense that training can change them.</summary>
public static class Parameters
{
    /// <summary>Inputs that set an operator up, or that training does not learn by gradients (running statistics), or that are mostly zeros of one batch size (first states).</summary>
    private static readonly Dictionary<string, int[]> Settings = new()
    {
        ["BatchNormalization"] = [3, 4],
        ["Clip"] = [1, 2],
        ["Resize"] = [1, 2, 3],
        ["Upsample"] = [1],
        ["Pad"] = [1, 2, 3],
        ["Dropout"] = [1, 2],
        ["CastLike"] = [1],
        ["DequantizeLinear"] = [1, 2],
        ["RoiAlign"] = [1],
        ["MaxRoiPool"] = [1],
        ["MaxUnpool"] = [1],
        ["QuantizeLinear"] = [1, 2],
        ["SoftmaxCrossEntropyLoss"] = [2],
        ["NegativeLogLikelihoodLoss"] = [2],
        ["STFT"] = [2],
        ["LSTM"] = [5, 6],
        ["GRU"] = [5],
        ["RNN"] = [5],
        ["QLinearConv"] = [1, 4, 6],
        ["QLinearMatMul"] = [1, 4, 6],
    };

    /// <summary>Operators through which no gradient flows, or whose subgraphs read values for themselves.</summary>
    private static readonly HashSet<string> WithoutGradient =
    [
        "Shape", "Size", "ConstantOfShape", "EyeLike", "Range", "OneHot", "NonZero", "Unique", "NonMaxSuppression", "ArgMax", "ArgMin",
        "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor", "IsNaN", "IsInf",
        "Floor", "Ceil", "Round", "Sign", "Hardmax", "MelWeightMatrix", "If", "Loop", "Scan",
        "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial",
    ];

    /// <summary>
    /// The parameters in file order: floating-point initializers of rank 1 or more that some operator with a gradient reads as data, so not the
    /// running mean and variance of BatchNormalization, the bounds of Clip, the scales of Resize or the value of Pad; and quantized weights, which become float when they are
    /// trained (<see cref="DequantizeWeights"/>).
    /// </summary>
    /// <remarks>Weights are not read. Initializers of subgraphs (If, Loop, Scan) are not parameters.</remarks>
    public static IReadOnlyList<Value> Of(Model model) => [.. model.Graph.Initializers.Where(IsParameter)];

    private static bool IsParameter(Value initializer) =>
        initializer.Data is { } data && data.Shape.Rank > 0 && initializer.Uses.Any(IsData) && (data.ElementType.IsFloatingPoint() || QuantizedWeight.Is(initializer));

    private static bool IsData(Use use)
    {
        if (use.Node.Domain != Model.StandardDomain)
            return true;
        if (WithoutGradient.Contains(use.Node.OpType) || (Settings.TryGetValue(use.Node.OpType, out int[]? settings) && settings.Contains(use.Index)))
            return false;
        return use.Index != 0 || !(ConstantSource.IsRespelling(use.Node) || QuantizedWeight.IsDequantize(use.Node)) || use.Node.Outputs[0]!.Uses.Any(IsData);
    }
}
