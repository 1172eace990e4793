namespace OnnxFineTune.Surgery;

/// <summary>
/// Operators that compute with quantized tensors, those of the standard and of ONNX Runtime: their operands made real, the operator on real numbers, and its result quantized
/// again. Gradients pass the quantization straight through. Source: ContribOperators.md of ONNX Runtime.
/// </summary>
/// <remarks>The runtime's kernels round once, in integers; what is written out can differ from them by one step of the quantization.</remarks>
internal static class QuantizedExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "QLinearConv")] = Convolution,
        [(RuntimeDomain.Name, "QLinearConv")] = Convolution,
        [(Model.StandardDomain, "QLinearMatMul")] = (n, b) => Quantized(n, b, 6, b.MatMul(Real(n, b, 0, -2), Real(n, b, 3, -1))),
        [(RuntimeDomain.Name, "QLinearAdd")] = (n, b) => Quantized(n, b, 6, b.Add(Real(n, b, 0), Real(n, b, 3))),
        [(RuntimeDomain.Name, "QLinearMul")] = (n, b) => Quantized(n, b, 6, b.Mul(Real(n, b, 0), Real(n, b, 3))),
        [(RuntimeDomain.Name, "QLinearSigmoid")] = (n, b) => Quantized(n, b, 3, b.Sigmoid(Real(n, b, 0))),
        [(RuntimeDomain.Name, "QLinearLeakyRelu")] = (n, b) => Quantized(n, b, 3, b.Op("LeakyRelu", [Real(n, b, 0)], ("alpha", n.Attributes.Float("alpha", 0.01f)))),
        [(RuntimeDomain.Name, "QLinearSoftmax")] = Softmax,
        [(RuntimeDomain.Name, "QLinearWhere")] = (n, b) => Quantized(n, b, 7, b.Where(n.Inputs[0]!, Real(n, b, 1), Real(n, b, 4))),
        [(RuntimeDomain.Name, "QLinearConcat")] = (n, b) => Quantized(n, b, 0, b.Concat(n.Attributes.Int("axis"), [.. Enumerable.Range(0, (n.Inputs.Count - 2) / 3).Select(i => Real(n, b, 2 + (3 * i)))])),
        [(RuntimeDomain.Name, "QLinearAveragePool")] = (n, b) => Pool(n, b, "AveragePool"),
        [(RuntimeDomain.Name, "QLinearGlobalAveragePool")] = (n, b) => Pool(n, b, "GlobalAveragePool"),
        [(RuntimeDomain.Name, "QGemm")] = Gemm,
        [(RuntimeDomain.Name, "QAttention")] = Attention,
        [(RuntimeDomain.Name, "NhwcMaxPool")] = MaxPool,
        [(RuntimeDomain.Name, "QuantizeLinear")] = (n, b) => Standard(n, b),
        [(RuntimeDomain.Name, "DequantizeLinear")] = (n, b) => Standard(n, b),
        [(RuntimeDomain.Name, "MatMulIntegerToFloat")] = (n, b) => Biased(n, b, b.MatMul(Real(n, b, 0, 2, 4, -2), Real(n, b, 1, 3, 5, -1)), 6),
        [(RuntimeDomain.Name, "DynamicQuantizeMatMul")] = (n, b) => Biased(n, b, b.MatMul(Rounded(n, b), Real(n, b, 1, 2, 3, -1)), 4),
    };

    /// <summary>The real numbers that input <paramref name="data"/> stands for; its scale and zero point follow it. Several scales lie along <paramref name="axis"/>.</summary>
    private static Value Real(Node n, GraphBuilder b, int data, int axis = 0) => Real(n, b, data, data + 1, data + 2, axis);

    private static Value Real(Node n, GraphBuilder b, int data, int scale, int zeroPoint, int axis) => Typed(b.Op("DequantizeLinear", [n.Inputs[data], n.Inputs[scale], n.Input(zeroPoint)],
        ("axis", n.Inputs[scale]!.Shape is { Rank: > 0 } shape && shape[0].Value != 1 ? (long)axis : null)));

    private static Value Typed(Value real)
    {
        real.ElementType = ElementType.Float;
        return real;
    }

    private static string? Quantized(Node n, GraphBuilder b, int scale, Value real)
    {
        n.ReplaceBy(b.Op("QuantizeLinear", [real, n.Inputs[scale], n.Input(scale + 1)]));
        return null;
    }

    /// <summary>Bias is quantized by the scales of both factors together.</summary>
    private static string? Convolution(Node n, GraphBuilder b)
    {
        bool last = n.Attributes.Int("channels_last") != 0;
        if (last && n.Inputs[0]!.Shape is null)
            return "the rank of its data is unknown";
        Value? bias = n.Input(8) is null ? null : Typed(b.Op("DequantizeLinear", [n.Inputs[8], Product(b, n.Inputs[1]!, n.Inputs[4]!)], ("axis", 0)));
        Value y = b.Conv(First(n, b, Real(n, b, 0), last), Real(n, b, 3), bias);
        foreach (NodeAttribute attribute in n.Attributes.Where(a => a.Name != "channels_last"))
            y.Producer!.Attributes.Set(attribute);
        return Quantized(n, b, 6, Last(n, b, y, last));
    }

    /// <summary>The scale of a product: a constant where both are, so that what it scales can be a parameter.</summary>
    private static Value Product(GraphBuilder b, Value x, Value w, float factor = 1)
    {
        if (x.ConstantContent() is { Count: 1 } first && w.ConstantContent() is { } others)
            return b.Constant(TensorData.FromFloats(Array.ConvertAll(others.ToFloats(), s => first.ToFloats()[0] * s * factor), others.Shape.ToArray()));
        Value product = b.Mul(x, w);
        return factor == 1 ? product : b.Mul(product, b.Scalar(factor));
    }

    private static string? Gemm(Node n, GraphBuilder b)
    {
        bool transposed = n.Attributes.Int("transB") != 0;
        float alpha = n.Attributes.Float("alpha", 1);
        Value? bias = n.Input(6) is null ? null : Typed(b.Op("DequantizeLinear", [n.Inputs[6], Product(b, n.Inputs[1]!, n.Inputs[4]!, alpha)], ("axis", -1)));
        Value y = b.Gemm(Real(n, b, 0), Real(n, b, 3, transposed ? 0 : 1), bias, n.Attributes.Int("transA") != 0, transposed, alpha);
        if (n.Input(7) is not null)
            return Quantized(n, b, 7, y);
        n.ReplaceBy(y);
        return null;
    }

    /// <summary>The runtime's attention on what data and weights stand for; that is written out in turn.</summary>
    private static string? Attention(Node n, GraphBuilder b)
    {
        Value?[] inputs = [Real(n, b, 0, 3, 6, 0), Real(n, b, 1, 4, 7, -1), n.Inputs[2], n.Input(5), n.Input(8)];
        Node real = b.Node("Attention", inputs, n.Outputs.Count, [.. n.Attributes.Select(a => (a.Name, a.Content))]);
        real.Domain = RuntimeDomain.Name;
        n.ReplaceBy(real.Outputs);
        return null;
    }

    /// <summary>Before operator set 13, which the node names, all axes from one on are normalized together.</summary>
    private static string? Softmax(Node n, GraphBuilder b)
    {
        Value x = Real(n, b, 0);
        long axis = n.Attributes.Int("axis", -1);
        if (n.Attributes.Int("opset") >= 13)
            return Quantized(n, b, 3, b.Softmax(x, axis));
        return Quantized(n, b, 3, b.Reshape(b.Softmax(b.Flatten(x, axis)), b.ShapeOf(n.Inputs[0]!)));
    }

    private static string? Pool(Node n, GraphBuilder b, string opType)
    {
        bool last = n.Attributes.Int("channels_last") != 0;
        if (last && n.Inputs[0]!.Shape is null)
            return "the rank of its data is unknown";
        return Quantized(n, b, 3, Last(n, b, b.Op(opType, [First(n, b, Real(n, b, 0), last)], Others(n)), last));
    }

    private static string? MaxPool(Node n, GraphBuilder b)
    {
        if (n.Inputs[0]!.Shape is null)
            return "the rank of its data is unknown";
        n.ReplaceBy(Last(n, b, b.Op("MaxPool", [First(n, b, n.Inputs[0]!, true)], Others(n)), true));
        return null;
    }

    private static (string, object?)[] Others(Node n) => [.. n.Attributes.Where(a => a.Name != "channels_last").Select(a => (a.Name, a.Content))];

    /// <summary>Channels moved from the end to behind the batch.</summary>
    private static Value First(Node n, GraphBuilder b, Value x, bool last)
    {
        int rank = n.Inputs[0]!.Shape?.Rank ?? 0;
        return last ? b.Transpose(x, [0, rank - 1, .. Enumerable.Range(1, rank - 2).Select(i => (long)i)]) : x;
    }

    private static Value Last(Node n, GraphBuilder b, Value y, bool last)
    {
        int rank = n.Inputs[0]!.Shape?.Rank ?? 0;
        return last ? b.Transpose(y, [0, .. Enumerable.Range(2, rank - 2).Select(i => (long)i), 1]) : y;
    }

    /// <summary>The first input, rounded to what 8 bits over its range hold.</summary>
    private static Value Rounded(Node n, GraphBuilder b)
    {
        IReadOnlyList<Value?> parts = b.Node("DynamicQuantizeLinear", [n.Inputs[0]], 3).Outputs;
        return Typed(b.Op("DequantizeLinear", parts));
    }

    private static string? Biased(Node n, GraphBuilder b, Value product, int bias)
    {
        n.ReplaceBy(n.Input(bias) is { } given ? b.Add(product, given) : product);
        return null;
    }

    /// <summary>The runtime had these for element types that the standard has since.</summary>
    private static string? Standard(Node n, GraphBuilder b)
    {
        n.ReplaceBy(b.Op(n.OpType, n.Inputs, [.. n.Attributes.Select(a => (a.Name, a.Content))]));
        return null;
    }
}
