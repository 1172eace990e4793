namespace OnnxFineTune.Surgery;

/// <summary>Operators that were experiments of the standard's first years, gone since operator set 10: converters from Core ML and others wrote them.</summary>
internal static class ExperimentalUpgrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>
    {
        [("Affine", 10)] = (n, b) => Replace(n, b.Add(b.Mul(n.Inputs[0]!, Number(n, b, "alpha", 1)), Number(n, b, "beta", 0))),
        [("Scale", 10)] = (n, b) => Replace(n, b.Mul(n.Inputs[0]!, Number(n, b, "scale", 1))),
        [("ScaledTanh", 10)] = (n, b) => Replace(n, b.Mul(b.Tanh(b.Mul(n.Inputs[0]!, Number(n, b, "beta", 1))), Number(n, b, "alpha", 1))),
        [("ParametricSoftplus", 10)] = (n, b) => Replace(n, b.Mul(b.Op("Softplus", [b.Mul(n.Inputs[0]!, Number(n, b, "beta", 1))]), Number(n, b, "alpha", 1))),
        [("ImageScaler", 10)] = ImageScaler,
        [("Crop", 10)] = Crop,
        [("MeanVarianceNormalization", 9)] = Normalization,
    };

    private static void Replace(Node n, Value result) => n.ReplaceBy(result);

    private static Value Number(Node n, GraphBuilder b, string attribute, float fallback) => b.ScalarLike(n.Attributes.Float(attribute, fallback), n.Inputs[0]!);

    /// <summary>One scale, and a bias for each channel.</summary>
    private static void ImageScaler(Node n, GraphBuilder b)
    {
        float[] bias = n.Attributes.Floats("bias") ?? [];
        Value x = n.Inputs[0]!, scaled = b.Mul(x, Number(n, b, "scale", 1));
        Replace(n, bias.Length == 0 ? scaled : b.Add(scaled, b.CastLike(b.Constant(TensorData.FromFloats(bias, bias.Length, 1, 1)), x)));
    }

    /// <summary>Cut off on each side (left, top, right, bottom); with <c>scale</c>, that height and width from left and top on.</summary>
    private static void Crop(Node n, GraphBuilder b)
    {
        long[] border = n.Attributes.Ints("border")!;
        long[]? size = n.Attributes.Ints("scale");
        Value ends = size is { Length: 2 } ? b.Longs(border[1] + size[0], border[0] + size[1]) : b.Sub(b.Shape_(n.Inputs[0]!, 2, 4), b.Longs(border[3], border[2]));
        Replace(n, b.Slice(n.Inputs[0]!, b.Longs(border[1], border[0]), ends, b.Longs(2, 3)));
    }

    /// <summary>By channel, or across channels; of each image, or with all images of the batch, as runtimes read it; the variance may stay.</summary>
    private static void Normalization(Node n, GraphBuilder b)
    {
        long[] axes = n.Attributes.Int("across_channels") != 0 ? [0, 1, 2, 3] : [0, 2, 3];
        Value x = n.Inputs[0]!;
        Replace(n, n.Attributes.Int("normalize_variance", 1) == 0 ? b.Sub(x, b.ReduceMean(x, axes)) : b.Op("MeanVarianceNormalization", [x], ("axes", axes)));
    }
}
