namespace OnnxFineTune.Surgery;

/// <summary>
/// Layer normalizations that ONNX Runtime's optimizer makes out of several nodes: with the residual connection or the embeddings in front of them, and without a mean.
/// </summary>
internal static class RuntimeNormalizationExpansions
{
    private const float SmallEpsilon = 1e-12f;

    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "SimplifiedLayerNormalization")] = WithoutMean,
        [(RuntimeDomain.Name, "SkipLayerNormalization")] = (n, b) => Skip(n, b, n.Input(4), sum => Centred(n, b, sum, 2, 3)),
        [(RuntimeDomain.Name, "SkipSimplifiedLayerNormalization")] = (n, b) => Skip(n, b, n.Input(3), sum => RootMeanSquare(n, b, sum, 2)),
        [(RuntimeDomain.Name, "EmbedLayerNormalization")] = Embeddings,
    };

    private static string? WithoutMean(Node n, GraphBuilder b) =>
        n.Output(1) is null ? FunctionExpansions.RootMeanSquare(n, b) : "its deviation, the second output, is in use";

    /// <summary>The normalization of input + skip + bias; the fourth output is that sum.</summary>
    private static string? Skip(Node n, GraphBuilder b, Value? bias, Func<Value, Value> normalize)
    {
        if (n.Output(1) is not null || n.Output(2) is not null)
            return "its mean or deviation, which the runtime does not compute either, is in use";
        Value sum = b.Add(n.Inputs[0]!, n.Inputs[1]!);
        sum = bias is null ? sum : b.Add(sum, bias);
        n.ReplaceBy(normalize(sum), null, null, n.Output(3) is null ? null : b.Identity(sum));
        return null;
    }

    private static Value Centred(Node n, GraphBuilder b, Value x, int scale, int bias) =>
        b.Op("LayerNormalization", [x, n.Inputs[scale], n.Input(bias)], ("axis", -1), ("epsilon", n.Attributes.Float("epsilon", SmallEpsilon)));

    private static Value RootMeanSquare(Node n, GraphBuilder b, Value x, int scale)
    {
        Value mean = b.ReduceMean(b.Mul(x, x), [-1]);
        return b.Mul(b.Div(x, b.Sqrt(b.Add(mean, b.ScalarLike(n.Attributes.Float("epsilon", SmallEpsilon), x)))), n.Inputs[scale]!);
    }

    /// <summary>The normalization of the sum of a word's, its position's and, where given, its segment's embedding.</summary>
    private static string? Embeddings(Node n, GraphBuilder b)
    {
        Value words = n.Inputs[0]!, positions = n.Inputs[3]!;
        Value place = n.Input(8) is { } places ? b.Gather(positions, places)
            : b.Slice(positions, b.Longs(0), b.Shape_(words, 1, 2), b.Longs(0));
        Value sum = b.Add(b.Gather(n.Inputs[2]!, words), place);
        if (n.Input(1) is { } segments)
            sum = b.Add(sum, b.Gather(n.Inputs[4]!, segments));
        n.ReplaceBy(Centred(n, b, sum, 5, 6), n.Output(1) is null ? null : Lengths(n, b), n.Output(2) is null ? null : b.Identity(sum));
        return null;
    }

    /// <summary>How many words of each example the mask keeps; 0 without a mask.</summary>
    private static Value Lengths(Node n, GraphBuilder b) => n.Input(7) is { } mask
        ? b.Cast(b.ReduceSum(b.Cast(mask, ElementType.Int64), [1], keepDims: false), ElementType.Int32)
        : b.Cast(b.ConstantOfShape(b.Shape_(n.Inputs[0]!, 0, 1), TensorData.Vector(0)), ElementType.Int32);
}
