namespace OnnxFineTune.Surgery;

/// <summary>
/// Activations, and products with an activation behind them, of ONNX Runtime's own operator set (<c>com.microsoft</c>), which its optimizer writes into models that it
/// saves. Source: ContribOperators.md of ONNX Runtime.
/// </summary>
internal static class RuntimeActivationExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(RuntimeDomain.Name, "Gelu")] = (n, b) => Replaced(n, b.Op("Gelu", [n.Inputs[0]])),
        [(RuntimeDomain.Name, "BiasGelu")] = (n, b) => Replaced(n, b.Op("Gelu", [Biased(n, b)])),
        [(RuntimeDomain.Name, "FastGelu")] = (n, b) => Replaced(n, b.Op("Gelu", [Biased(n, b)], ("approximate", "tanh"))),
        [(RuntimeDomain.Name, "QuickGelu")] = QuickGelu,
        [(RuntimeDomain.Name, "FusedConv")] = FusedConv,
        [(RuntimeDomain.Name, "FusedGemm")] = FusedGemm,
        [(RuntimeDomain.Name, "FusedMatMul")] = FusedMatMul,
        [(RuntimeDomain.Name, "TransposeMatMul")] = FusedMatMul,
    };

    /// <summary>Activations by name, which are operators of their own, with their attributes in the order of <c>activation_params</c>.</summary>
    private static readonly IReadOnlyDictionary<string, string[]> Activations = new Dictionary<string, string[]>
    {
        ["Relu"] = [],
        ["Tanh"] = [],
        ["Sigmoid"] = [],
        ["Softplus"] = [],
        ["Softsign"] = [],
        ["HardSwish"] = [],
        ["LeakyRelu"] = ["alpha"],
        ["Elu"] = ["alpha"],
        ["ThresholdedRelu"] = ["alpha"],
        ["HardSigmoid"] = ["alpha", "beta"],
        ["Selu"] = ["alpha", "gamma"],
    };

    private static string? Replaced(Node n, Value result)
    {
        n.ReplaceBy(result);
        return null;
    }

    private static Value Biased(Node n, GraphBuilder b) => n.Input(1) is { } bias ? b.Add(n.Inputs[0]!, bias) : n.Inputs[0]!;

    /// <summary>x · sigmoid(α·x).</summary>
    private static string? QuickGelu(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!;
        return Replaced(n, b.Mul(x, b.Sigmoid(b.Mul(x, b.ScalarLike(n.Attributes.Float("alpha", 1.702f), x)))));
    }

    /// <summary>activation(Conv(X, W, B) + Z).</summary>
    private static string? FusedConv(Node n, GraphBuilder b)
    {
        string activation = n.Attributes.String("activation");
        if (!IsKnown(activation))
            return Unknown(activation);
        Value y = b.Conv(n.Inputs[0]!, n.Inputs[1]!, n.Input(2));
        foreach (NodeAttribute attribute in n.Attributes.Where(a => !a.Name.StartsWith("activation", StringComparison.Ordinal)))
            y.Producer!.Attributes.Set(attribute);
        if (n.Input(3) is { } z)
            y = b.Add(y, z);
        float[] parameters = n.Attributes.Floats("activation_params") ?? [];
        return Replaced(n, Activated(b, y, activation, i => i < parameters.Length ? parameters[i] : null));
    }

    private static string? FusedGemm(Node n, GraphBuilder b)
    {
        string activation = n.Attributes.String("activation");
        if (!IsKnown(activation) || activation == "Clip")
            return Unknown(activation);
        Value y = b.Gemm(n.Inputs[0]!, n.Inputs[1]!, n.Input(2), n.Attributes.Int("transA") != 0, n.Attributes.Int("transB") != 0,
            n.Attributes.Float("alpha", 1), n.Attributes.Float("beta", 1));
        return Replaced(n, Activated(b, y, activation, i => n.Attributes[$"activation_{Activations[activation][i]}"]?.Content as float?));
    }

    private static bool IsKnown(string activation) => activation is "" or "Clip" || Activations.ContainsKey(activation);

    private static string Unknown(string activation) => $"nothing is known of its activation '{activation}'; save the model without ONNX Runtime's optimizations";

    /// <param name="parameter">The parameter at a place; null leaves the operator its default.</param>
    private static Value Activated(GraphBuilder b, Value x, string activation, Func<int, float?> parameter) => activation switch
    {
        "" => x,
        "Clip" => b.Clip(x, b.ScalarLike(parameter(0) ?? float.MinValue, x), b.ScalarLike(parameter(1) ?? float.MaxValue, x)),
        _ => b.Op(activation, [x], [.. Activations[activation].Select((name, i) => (name, (object?)parameter(i)))]),
    };

    /// <summary>alpha · A·B, each with its last two axes exchanged (trans), or its first axis moved behind those of the batch (transBatch), before.</summary>
    private static string? FusedMatMul(Node n, GraphBuilder b)
    {
        if (n.Inputs.Take(2).Any(x => x!.Shape is null))
            return "the rank of its factors is unknown; give the inputs of the model fixed ranks";
        Value y = b.MatMul(Turned(n, b, 0, "A"), Turned(n, b, 1, "B"));
        float alpha = n.Attributes.Float("alpha", 1);
        return Replaced(n, alpha == 1 ? y : b.Mul(y, b.ScalarLike(alpha, n.Inputs[0]!)));
    }

    private static Value Turned(Node n, GraphBuilder b, int input, string name)
    {
        Value x = n.Inputs[input]!;
        List<long> axes = [.. Enumerable.Range(0, x.Shape!.Rank).Select(i => (long)i)];
        if (n.Attributes.Int($"transBatch{name}") != 0 && axes.Count > 2)
        {
            axes.RemoveAt(0);
            axes.Insert(axes.Count - 1, 0);
        }
        if (n.Attributes.Int($"trans{name}") != 0 && axes.Count > 1)
            (axes[^1], axes[^2]) = (axes[^2], axes[^1]);
        return axes.SequenceEqual(axes.Order()) ? x : b.Transpose(x, [.. axes]);
    }
}
