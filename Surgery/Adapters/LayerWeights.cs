namespace OnnxFineTune.Surgery;

/// <summary>Finds what the MatMul, Gemm and Conv nodes of a graph multiply data by, and whether that can have an adapter.</summary>
internal static class LayerWeights
{
    /// <summary>Operators that multiply by a quantized weight, with the input that it is.</summary>
    private static readonly Dictionary<string, int> Quantized = new()
    {
        ["QLinearConv"] = 3, ["QLinearMatMul"] = 3, ["ConvInteger"] = 1, ["MatMulInteger"] = 1, ["QGemm"] = 3,
        ["MatMulNBits"] = 1, ["MatMulBnb4"] = 1, ["DynamicQuantizeMatMul"] = 1, ["MatMulIntegerToFloat"] = 1,
    };

    private const string IsQuantized = "it is quantized, and a sum with an adapter could not be stored in its place; take the model in float";

    /// <summary>The weights in the order of the nodes that read them.</summary>
    /// <param name="graph">A graph in working form.</param>
    public static IReadOnlyList<LayerWeight> Of(Graph graph)
    {
        HashSet<Value> reached = DataPaths.Reached(graph);
        OrderedDictionary<Value, List<WeightUse>> uses = [];
        List<LayerWeight> others = [];
        foreach (Node node in graph.Nodes)
            foreach (int index in WeightInputs(node, reached))
                if (Stored(node.Inputs[index]!, out bool transposed) is { } weight)
                {
                    if (!uses.TryGetValue(weight, out List<WeightUse>? list))
                        uses.Add(weight, list = []);
                    list.Add(new WeightUse(node, index, IsOutputFirst(node, index) != transposed));
                }
                else
                    others.Add(Other(node, node.Inputs[index]!));
        return [.. uses.Select(u => Judge(u.Key, u.Value)), .. others];
    }

    /// <summary>The weight of a name.</summary>
    /// <exception cref="GraphException">There is none, or it can have no adapter; the message says why.</exception>
    public static IReadOnlyDictionary<string, AdaptableWeight> Named(Graph graph, IEnumerable<string> names)
    {
        Dictionary<string, LayerWeight> all = Of(graph).DistinctBy(w => w.Name).ToDictionary(w => w.Name);
        return names.ToDictionary(n => n, n => all.TryGetValue(n, out LayerWeight? layer)
            ? layer.Weight ?? throw new GraphException($"'{n}' can have no adapter: {layer.Reason}.")
            : throw new GraphException($"The model has no MatMul, Gemm or Conv with the weight '{n}', to which an adapter belongs; take the model that the adapter was made for."));
    }

    private static IEnumerable<int> WeightInputs(Node node, HashSet<Value> reached)
    {
        int[] candidates = node switch
        {
            { OpType: "Conv", Domain: Model.StandardDomain } => [1],
            { OpType: "MatMul" or "Gemm", Domain: Model.StandardDomain } => [0, 1],
            _ => Quantized.TryGetValue(node.OpType, out int index) ? [index] : [],
        };
        bool IsData(int i) => node.Input(i) is { } value && reached.Contains(value);
        return candidates.Where(i => node.Input(i) is not null && !IsData(i) && Enumerable.Range(0, node.Inputs.Count).Any(IsData));
    }

    /// <summary>The initializer of floats behind a value, transposed perhaps; null where there is none, or nodes compute something else of it.</summary>
    private static Value? Stored(Value value, out bool transposed)
    {
        transposed = IsTranspose(value.Producer);
        Value source = transposed ? value.Producer!.Inputs[0]! : value;
        return source is { Data.ElementType: ElementType.Float } ? source : null;
    }

    private static bool IsTranspose(Node? node) =>
        node is { OpType: "Transpose", Domain: Model.StandardDomain } && node.Inputs[0]!.Shape is { Rank: 2 } && node.Attributes.Ints("perm") is null or [1, 0];

    private static bool IsOutputFirst(Node node, int index) => node.OpType switch
    {
        "Conv" => true,
        "Gemm" => index == 0 ? node.Attributes.Int("transA") == 0 : node.Attributes.Int("transB") != 0,
        _ => index == 0,
    };

    private static LayerWeight Judge(Value weight, List<WeightUse> uses)
    {
        Node[] readers = [.. weight.Uses.SelectMany(u => IsTranspose(u.Node) ? u.Node.Outputs[0]!.Uses : [u]).Select(u => u.Node)];
        WeightUse first = uses[0];
        string? reason = weight.Data!.Shape.Rank < (first.Node.OpType == "Conv" ? 3 : 2) || (first.Node.OpType != "Conv" && weight.Data.Shape.Rank > 2) ? $"it is no matrix but {weight.Data.Shape}"
            : readers.FirstOrDefault(n => uses.TrueForAll(u => u.Node != n)) is { } other ? $"{other} reads it too, in another way"
            : weight.IsOutput ? "it is an output of the model"
            : uses.Exists(u => u.OutputFirst != first.OutputFirst) ? "it is read both as it is and transposed"
            : uses.Exists(u => u.Node.OpType == "Conv" != (first.Node.OpType == "Conv") || u.Node.Attributes.Int("group", 1) != first.Node.Attributes.Int("group", 1)) ? "convolutions of several kinds read it"
            : null;
        return new LayerWeight(weight.Name, Names(weight.Name, uses.Select(u => u.Node)), reason is null ? new AdaptableWeight(weight, uses) : null, reason);
    }

    private static LayerWeight Other(Node node, Value value)
    {
        bool quantized = Quantized.ContainsKey(node.OpType) || node.Domain != Model.StandardDomain || value.Producer is { OpType: "DequantizeLinear" };
        string name = quantized && value.Producer?.Input(0) is { } stored ? stored.Name : value.Name;
        string reason = quantized ? IsQuantized
            : value.Data is { } data ? $"it holds {data.ElementType}, not float32"
            : $"{value.Producer} computes it of other weights";
        return new LayerWeight(name, Names(name, [node]), null, reason);
    }

    private static IReadOnlyList<string> Names(string weight, IEnumerable<Node> nodes) =>
        [.. nodes.SelectMany(n => new[] { n.Name, n.Outputs[0]!.Name }).Prepend(weight).Where(n => n.Length > 0).Distinct()];
}
