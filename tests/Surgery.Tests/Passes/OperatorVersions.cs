namespace OnnxFineTune.Surgery.Tests;

/// <summary>The versions 1 to 21 of every operator of the standard that has changed (ONNX Changelog.md), and what each change asks of an upgrade.</summary>
internal static class OperatorVersions
{
    /// <summary>
    /// By operator the versions of its definition. With ! behind it: nodes of the version before must be rewritten. With +: there are new inputs, attributes or outputs, and
    /// leaving them out means what it was before. With nothing: more element types, or clearer words.
    /// </summary>
    private static readonly Dictionary<string, string> Table = new()
    {
        ["Abs"] = "1 6! 13",
        ["Add"] = "1 6! 7! 13 14",
        ["And"] = "1 7!",
        ["ArgMax"] = "1 11 12+ 13",
        ["ArgMin"] = "1 11 12+ 13",
        ["AveragePool"] = "1 7+ 10+ 11 19+",
        ["BatchNormalization"] = "1 6! 7! 9! 14! 15",
        ["Cast"] = "1 6! 9 13 19+ 21",
        ["CastLike"] = "15 19+ 21",
        ["Ceil"] = "1 6! 13",
        ["Clip"] = "1 6! 11! 12 13",
        ["Compress"] = "9 11",
        ["Concat"] = "1 4! 11 13",
        ["Constant"] = "1 9 11+ 12+ 13 19 21",
        ["ConstantOfShape"] = "9 20 21",
        ["Conv"] = "1 11",
        ["ConvTranspose"] = "1 11",
        ["CumSum"] = "11 14",
        ["DFT"] = "17 20!",
        ["DepthToSpace"] = "1 11+ 13",
        ["DequantizeLinear"] = "10 13+ 19 21+",
        ["Div"] = "1 6! 7! 13 14",
        ["Dropout"] = "1 6! 7! 10! 12! 13",
        ["Elu"] = "1 6!",
        ["Equal"] = "1 7! 11 13 19",
        ["Erf"] = "9 13",
        ["Exp"] = "1 6! 13",
        ["Expand"] = "8 13",
        ["Flatten"] = "1 9 11 13 21",
        ["Floor"] = "1 6! 13",
        ["GRU"] = "1 3+ 7! 14+",
        ["Gather"] = "1 11 13",
        ["GatherElements"] = "11 13",
        ["GatherND"] = "11 12+ 13",
        ["Gemm"] = "1 6 7! 9 11+ 13",
        ["GlobalLpPool"] = "1 2!",
        ["Greater"] = "1 7! 9 13",
        ["GreaterOrEqual"] = "12 16",
        ["GridSample"] = "16 20!",
        ["GroupNormalization"] = "18 21!",
        ["HardSigmoid"] = "1 6!",
        ["Hardmax"] = "1 11 13!",
        ["Identity"] = "1 13 14 16 19 21",
        ["If"] = "1 11 13 16 19 21",
        ["InstanceNormalization"] = "1 6!",
        ["IsInf"] = "10 20",
        ["IsNaN"] = "9 13 20",
        ["LRN"] = "1 13",
        ["LSTM"] = "1 7! 14+",
        ["LeakyRelu"] = "1 6! 16",
        ["Less"] = "1 7! 9 13",
        ["LessOrEqual"] = "12 16",
        ["Log"] = "1 6! 13",
        ["LogSoftmax"] = "1 11 13!",
        ["Loop"] = "1 11 13 16 19 21",
        ["LpPool"] = "1 2! 11 18+",
        ["MatMul"] = "1 9 13",
        ["Max"] = "1 6! 8 12 13",
        ["MaxPool"] = "1 8+ 10+ 11 12",
        ["MaxUnpool"] = "9 11",
        ["Mean"] = "1 6! 8 13",
        ["MeanVarianceNormalization"] = "9 13",
        ["Min"] = "1 6! 8 12 13",
        ["Mod"] = "10 13",
        ["Mul"] = "1 6! 7! 13 14",
        ["Neg"] = "1 6! 13",
        ["NegativeLogLikelihoodLoss"] = "12 13",
        ["NonMaxSuppression"] = "10 11",
        ["NonZero"] = "9 13",
        ["OneHot"] = "9 11",
        ["OptionalGetElement"] = "15 18",
        ["OptionalHasElement"] = "15 18",
        ["Or"] = "1 7!",
        ["PRelu"] = "1 6! 7! 9 16",
        ["Pad"] = "1 2! 11! 13 18+ 19+ 21",
        ["Pow"] = "1 7! 12 13 15",
        ["QLinearMatMul"] = "10 21",
        ["QuantizeLinear"] = "10 13+ 19+ 21+",
        ["RNN"] = "1 7! 14+",
        ["Reciprocal"] = "1 6! 13",
        ["ReduceL1"] = "1 11 13 18!",
        ["ReduceL2"] = "1 11 13 18!",
        ["ReduceLogSum"] = "1 11 13 18!",
        ["ReduceLogSumExp"] = "1 11 13 18!",
        ["ReduceMax"] = "1 11 12 13 18! 20",
        ["ReduceMean"] = "1 11 13 18!",
        ["ReduceMin"] = "1 11 12 13 18! 20",
        ["ReduceProd"] = "1 11 13 18!",
        ["ReduceSum"] = "1 11 13!",
        ["ReduceSumSquare"] = "1 11 13 18!",
        ["Relu"] = "1 6! 13 14",
        ["Reshape"] = "1 5! 13 14+ 19 21",
        ["Resize"] = "10 11! 13! 18+ 19+",
        ["RoiAlign"] = "10 16!",
        ["Scan"] = "8 9! 11 16 19 21",
        ["Scatter"] = "9 11!",
        ["ScatterElements"] = "11 13 16+ 18+",
        ["ScatterND"] = "11 13 16+ 18+",
        ["Selu"] = "1 6!",
        ["Shape"] = "1 13 15+ 19 21",
        ["Sigmoid"] = "1 6! 13",
        ["Sign"] = "9 13",
        ["Size"] = "1 13 19 21",
        ["Slice"] = "1 10! 11 13",
        ["Softmax"] = "1 11 13!",
        ["SoftmaxCrossEntropyLoss"] = "12 13",
        ["SpaceToDepth"] = "1 13",
        ["Split"] = "1 2! 11 13! 18!",
        ["Sqrt"] = "1 6! 13",
        ["Squeeze"] = "1 11 13! 21",
        ["Sub"] = "1 6! 7! 13 14",
        ["Sum"] = "1 6! 8 13",
        ["Tanh"] = "1 6! 13",
        ["Tile"] = "1 6! 13",
        ["TopK"] = "1 10! 11+",
        ["Transpose"] = "1 13 21",
        ["Unsqueeze"] = "1 11 13! 21",
        ["Upsample"] = "1 7! 9! 10!",
        ["Where"] = "9 16",
        ["Xor"] = "1 7!",
    };

    /// <summary>All changes.</summary>
    public static IReadOnlyList<OperatorChange> All { get; } = [.. Table.SelectMany(t => Changes(t.Key, t.Value.Split(' ')))];

    private static IEnumerable<OperatorChange> Changes(string opType, string[] versions)
    {
        int[] numbers = [.. versions.Select(v => int.Parse(v.TrimEnd('!', '+')))];
        return Enumerable.Range(1, versions.Length - 1).Select(i => new OperatorChange(opType, numbers[i - 1], numbers[i], versions[i].EndsWith('!'), versions[i].EndsWith('+')));
    }
}

/// <summary>A new version of an operator.</summary>
/// <param name="OpType">The operator.</param>
/// <param name="Before">The version before.</param>
/// <param name="Version">The new one.</param>
/// <param name="NeedsStep">Whether nodes must be rewritten.</param>
/// <param name="AddsDefaults">Whether it has inputs, attributes or outputs that the version before has not.</param>
internal sealed record OperatorChange(string OpType, int Before, int Version, bool NeedsStep, bool AddsDefaults);
