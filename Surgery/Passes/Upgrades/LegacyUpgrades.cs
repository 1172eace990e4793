namespace OnnxFineTune.Surgery;

/// <summary>Steps up to operator set 7: in-place hints go, attributes become inputs, and broadcasting becomes numpy's.</summary>
internal static class LegacyUpgrades
{
    /// <summary>Operators whose second input once followed <c>broadcast</c> and <c>axis</c> attributes.</summary>
    public static readonly string[] Broadcasting = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"];

    /// <summary>Operators that once had <c>consumed_inputs</c>, a hint that memory may be used again.</summary>
    private static readonly string[] InPlace =
    [
        "Abs", "Add", "Ceil", "Clip", "Div", "Elu", "Exp", "Floor", "HardSigmoid", "InstanceNormalization", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul",
        "Neg", "PRelu", "Reciprocal", "Relu", "Sigmoid", "Sqrt", "Sub", "Sum", "Tanh", "Dropout", "BatchNormalization",
    ];

    /// <summary>Operators whose output has the rank of their first input.</summary>
    private static readonly HashSet<string> KeepsRank =
    [
        .. InPlace, .. Broadcasting, "Selu", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LRN", "Concat", "Pad", "Slice",
        "Softmax", "Softplus", "Softsign", "Transpose", "Cast", "Identity", "Upsample",
    ];

    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>(
    [
        .. InPlace.Select(op => Step(op, 6, (n, _) => n.Attributes.Remove("consumed_inputs"))),
        .. Broadcasting.Select(op => Step(op, 7, Broadcast)),
        .. new[] { "Dropout", "BatchNormalization" }.Select(op => Step(op, 7, (n, _) => n.Attributes.Remove("is_test"))),
        .. new[] { "RNN", "GRU", "LSTM" }.Select(op => Step(op, 7, (n, _) => n.Attributes.Remove("output_sequence"))),
        .. new[] { "LpPool", "GlobalLpPool" }.Select(op => Step(op, 2, (n, _) => n.Attributes.Set("p", (long)n.Attributes.Float("p", 2)))),
        Step("Concat", 4, (n, _) => n.Attributes.Set("axis", n.Attributes.Int("axis", 1))),
        Step("Pad", 2, (n, _) => Rename(n, "paddings", "pads")),
        Step("Split", 2, SplitLengths),
        Step("Reshape", 5, Reshape),
        Step("Cast", 6, Cast),
        Step("Selu", 6, Selu),
        Step("Tile", 6, Tile),
        Step("Gemm", 7, (n, _) => n.Attributes.Remove("broadcast")),
        Step("PRelu", 7, ChannelSlope),
        Step("Upsample", 7, UpsampleScales),
    ]);

    private static KeyValuePair<(string, int), OpsetUpgrade> Step(string op, int version, OpsetUpgrade step) => new((op, version), step);

    /// <summary>B was laid against A from <c>axis</c> on; now it is laid against A's end, so axes of size 1 follow it.</summary>
    private static void Broadcast(Node n, GraphBuilder b)
    {
        if (n.Attributes.Int("broadcast") != 0 && n.Attributes.Has("axis"))
        {
            (int a, int rank) = (Rank(n, 0), Rank(n, 1));
            long axis = n.Attributes.Int("axis");
            AppendAxes(n, a - (int)(axis < 0 ? axis + a : axis) - rank, b);
        }
        n.Attributes.Remove("broadcast");
        n.Attributes.Remove("axis");
        n.Attributes.Remove("consumed_inputs");
    }

    /// <summary>A slope per channel was laid against axis 1.</summary>
    private static void ChannelSlope(Node n, GraphBuilder b)
    {
        if (Rank(n, 1) == 1 && n.Inputs[1]!.Shape![0].Value != 1)
            AppendAxes(n, Rank(n, 0) - 2, b);
    }

    private static void AppendAxes(Node n, int count, GraphBuilder b)
    {
        int rank = Rank(n, 1);
        if (count > 0)
            n.SetInput(1, b.Unsqueeze(n.Inputs[1]!, [.. Enumerable.Range(rank, count).Select(i => (long)i)]));
    }

    private static int Rank(Node n, int input) =>
        Rank(n.Inputs[input]) ?? throw n.CannotUpgrade($"it broadcasts along an axis, and the rank of input {input} is unknown.");

    /// <summary>Runtimes do not infer shapes before operator set 7, so ranks are followed back here to where one is declared.</summary>
    private static int? Rank(Value? value)
    {
        while (value is { Shape: null, Producer: { } producer })
            value = KeepsRank.Contains(producer.OpType) ? producer.Input(0) : null;
        return value?.Shape?.Rank;
    }

    private static void SplitLengths(Node n, GraphBuilder b)
    {
        if (n.Input(1) is not { } lengths)
            return;
        TensorData data = lengths.ConstantContent() ?? throw n.CannotUpgrade("its lengths are computed.");
        n.Attributes.Set("split", Array.ConvertAll(data.ToFloats(), v => (long)v));
        n.SetInputs([n.Inputs[0]]);
    }

    private static void Reshape(Node n, GraphBuilder b)
    {
        n.MoveToInput("shape", 1, b);
        n.Attributes.Remove("consumed_inputs");
    }

    private static void Cast(Node n, GraphBuilder b)
    {
        string name = n.Attributes.String("to");
        if (name.Length > 0)
            n.Attributes.Set("to", Enum.TryParse(name, ignoreCase: true, out ElementType type) ? type : throw n.CannotUpgrade($"it knows no element type '{name}'."));
    }

    /// <summary>The first version had its constants to four digits.</summary>
    private static void Selu(Node n, GraphBuilder b)
    {
        n.Attributes.Set("alpha", n.Attributes.Float("alpha", 1.6732f));
        n.Attributes.Set("gamma", n.Attributes.Float("gamma", 1.0507f));
        n.Attributes.Remove("consumed_inputs");
    }

    /// <summary>It repeated along one axis, given with the number of times as inputs.</summary>
    private static void Tile(Node n, GraphBuilder b)
    {
        if (n.Inputs[2]!.ConstantContent() is not { } axis || Rank(n.Inputs[0]) is not int rank)
            throw n.CannotUpgrade("it repeats along one axis, which is computed, or the rank of its data is unknown.");
        Value times = b.Reshape(b.Cast(n.Inputs[1]!, ElementType.Int64), 1);
        long place = (long)axis.ToFloats()[0];
        n.SetInputs([n.Inputs[0], b.Concat(0, [.. Enumerable.Range(0, rank).Select(i => i == place ? times : b.Longs(1))])]);
    }

    private static void UpsampleScales(Node n, GraphBuilder b)
    {
        n.Attributes.Set("scales", new[] { 1, 1, n.Attributes.Float("height_scale", 1), n.Attributes.Float("width_scale", 1) });
        n.Attributes.Remove("height_scale");
        n.Attributes.Remove("width_scale");
    }

    private static void Rename(Node n, string from, string to)
    {
        if (n.Attributes[from] is { } attribute)
        {
            n.Attributes.Remove(from);
            n.Attributes.Set(attribute with { Name = to });
        }
    }
}
