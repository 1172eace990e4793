namespace OnnxFineTune.Surgery;

/// <summary>Operators that ONNX Runtime has in float32 only, written out in those that it has in float64 too.</summary>
internal static class Float64Forms
{
    public static readonly IReadOnlyDictionary<string, Expansion> All = new Dictionary<string, Expansion>
    {
        ["Conv"] = Float64Windows.Conv,
        ["AveragePool"] = Float64Windows.AveragePool,
        ["GlobalAveragePool"] = (n, b) => Spatial(n, b, "ReduceMean"),
        ["GlobalMaxPool"] = (n, b) => Spatial(n, b, "ReduceMax"),
        ["HardSigmoid"] = (n, b) => Replaced(n, HardSigmoid(b, n.Inputs[0]!, n.Attributes.Float("alpha", 0.2f), n.Attributes.Float("beta", 0.5f))),
        ["HardSwish"] = (n, b) => Replaced(n, b.Mul(n.Inputs[0]!, HardSigmoid(b, n.Inputs[0]!, 1 / 6f, 0.5f))),
        ["Erf"] = (n, b) => Replaced(n, Erf(b, n.Inputs[0]!)),
        ["Gelu"] = (n, b) => Replaced(n, Gelu(b, n.Inputs[0]!, n.Attributes.String("approximate") == "tanh")),
        ["Softplus"] = (n, b) => Replaced(n, Softplus(b, n.Inputs[0]!)),
        ["Mish"] = (n, b) => Replaced(n, b.Mul(n.Inputs[0]!, b.Tanh(Softplus(b, n.Inputs[0]!)))),
        ["LeakyRelu"] = (n, b) => Replaced(n, Leaky(b, n.Inputs[0]!, b.Scalar(n.Attributes.Float("alpha", 0.01f)))),
        ["PRelu"] = (n, b) => Replaced(n, Leaky(b, n.Inputs[0]!, n.Inputs[1]!)),
        ["Elu"] = (n, b) => Replaced(n, b.Add(b.Relu(n.Inputs[0]!), b.Mul(b.Scalar(n.Attributes.Float("alpha", 1)), b.Sub(b.Exp(Negative(b, n.Inputs[0]!)), b.Scalar(1))))),
    };

    private static string? Replaced(Node n, Value y)
    {
        n.ReplaceBy(y);
        return null;
    }

    private static string? Spatial(Node n, GraphBuilder b, string reduction)
    {
        Value x = n.Inputs[0]!;
        if (x.Shape is not { } shape)
            return "the rank of its data is unknown";
        return Replaced(n, b.Op(reduction, [x, b.Longs([.. Enumerable.Range(2, shape.Rank - 2).Select(i => (long)i)])]));
    }

    private static Value Negative(GraphBuilder b, Value x) => b.Min(x, b.Scalar(0));

    private static Value Leaky(GraphBuilder b, Value x, Value slope) => b.Add(b.Relu(x), b.Mul(slope, Negative(b, x)));

    private static Value HardSigmoid(GraphBuilder b, Value x, float alpha, float beta) =>
        b.Clip(b.Add(b.Mul(x, b.Scalar(alpha)), b.Scalar(beta)), b.Scalar(0), b.Scalar(1));

    /// <summary>log(1 + e⁻|ˣ|) + max(x, 0), which never overflows.</summary>
    private static Value Softplus(GraphBuilder b, Value x) => b.Add(b.Log(b.Add(b.Exp(b.Neg(b.Abs(x))), b.Scalar(1))), b.Relu(x));

    private static Value Gelu(GraphBuilder b, Value x, bool byTanh)
    {
        Value cube = b.Mul(b.Mul(x, x), x);
        Value inner = byTanh ? b.Mul(b.Add(x, b.Mul(cube, b.Scalar(0.044715))), b.Scalar(Math.Sqrt(2 / Math.PI))) : b.Mul(x, b.Scalar(Math.Sqrt(0.5)));
        return b.Mul(b.Mul(x, b.Scalar(0.5)), b.Add(byTanh ? b.Tanh(inner) : Erf(b, inner), b.Scalar(1)));
    }

    /// <summary>1 − P(t)·e^(−x²) with t = 1/(1 + p·x) for x above 0, right to 1.5·10⁻⁷ and smooth: Abramowitz and Stegun, formula 7.1.26.</summary>
    private static Value Erf(GraphBuilder b, Value x)
    {
        double[] coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
        Value size = b.Abs(x), t = b.Reciprocal(b.Add(b.Mul(size, b.Scalar(0.3275911)), b.Scalar(1)));
        Value polynomial = b.Scalar(coefficients[0]);
        foreach (double coefficient in coefficients[1..])
            polynomial = b.Add(b.Mul(polynomial, t), b.Scalar(coefficient));
        Value tail = b.Mul(b.Mul(polynomial, t), b.Exp(b.Neg(b.Mul(x, x))));
        return b.Mul(b.Sign(x), b.Sub(b.Scalar(1), tail));
    }
}
