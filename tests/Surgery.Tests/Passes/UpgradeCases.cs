namespace OnnxFineTune.Surgery.Tests;

/// <summary>Rows of the upgrade tests: nodes of old operator sets that a runtime still opens.</summary>
internal static class UpgradeCases
{
    public static readonly UpgradeCase[] All =
    [
        new("Softmax", 7, [2, 3, 4]) { Note = "two axes together" },
        new("Softmax", 11, [2, 3, 4]) { Attributes = [("axis", -2)] },
        new("Softmax", 11, [2, 3, 1, 1]) { Attributes = [("axis", 1)], Note = "ones behind the axis" },
        new("LogSoftmax", 12, [2, 3, 4]) { Attributes = [("axis", 0)] },
        new("Hardmax", 12, [2, 3, 4]),
        new("Clip", 7, [2, 3]) { Attributes = [("min", -0.5f), ("max", 0.25f)] },
        new("Clip", 10, [2, 3]) { Attributes = [("max", 0.25f)], Note = "no lower bound" },
        new("Slice", 9, [4, 5]) { Attributes = [("starts", new[] { 1L, -3L }), ("ends", new[] { 3L, 9L }), ("axes", new[] { 0L, 1L })] },
        new("Slice", 7, [4, 5]) { Attributes = [("starts", new[] { 1L }), ("ends", new[] { 3L })] },
        new("Pad", 10, [2, 3]) { Attributes = [("pads", new[] { 0L, 1L, 1L, 0L }), ("value", 2.5f)] },
        new("Pad", 10, [4, 4]) { Attributes = [("pads", new[] { 1L, 1L, 1L, 0L }), ("mode", "reflect")] },
        new("Squeeze", 12, [1, 3, 1]) { Attributes = [("axes", new[] { 2L })] },
        new("Squeeze", 7, [1, 3, 1]),
        new("Unsqueeze", 12, [3, 2]) { Attributes = [("axes", new[] { 0L, 3L })] },
        new("ReduceSum", 12, [2, 3, 4]) { Attributes = [("axes", new[] { 1L, 2L }), ("keepdims", 0)] },
        new("ReduceMean", 17, [2, 3, 4]) { Attributes = [("axes", new[] { -1L })] },
        new("ReduceL2", 8, [2, 3, 4]) { Attributes = [("axes", new[] { 0L })] },
        new("ReduceMax", 13, [2, 3, 4]),
        new("Split", 12, [6, 2]) { Attributes = [("split", new[] { 1L, 5L })], Outputs = 2 },
        new("Split", 13, [6, 2]) { Outputs = 3 },
        new("Split", 7, [2, 6]) { Outputs = 2, Attributes = [("axis", 1)] },
        new("TopK", 9, [3, 5]) { Attributes = [("k", 2)], Outputs = 2 },
        new("Upsample", 7, [1, 2, 3, 3]) { Attributes = [("scales", new[] { 1f, 1f, 2f, 3f })] },
        new("Upsample", 8, [1, 2, 3, 3]) { Attributes = [("scales", new[] { 1f, 1f, 2f, 2f }), ("mode", "linear")] },
        new("Upsample", 9, [1, 2, 3, 3]) { Constants = [TensorData.FromFloats([1, 1, 2.5f, 2], 4)] },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 0.6f], 4)], Note = "shrinks" },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 1.7f, 2], 4)], Attributes = [("mode", "linear")] },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 1.7f], 4)], Note = "shrinks and enlarges" },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 1.7f], 4)], Attributes = [("mode", "linear")], Note = "shrinks and enlarges" },
        new("LpPool", 7, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("strides", new[] { 2L, 1L }), ("pads", new[] { 0L, 1L, 1L, 1L }), ("p", 3)] },
        new("MaxPool", 7, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("strides", new[] { 2L, 1L })] },
        new("MaxUnpool", 9, [1, 1, 2, 2]) { Constants = [TensorData.FromLongs([0, 3, 9, 14], 1, 1, 2, 2)], Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L })] },
        new("Resize", 11, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([], 0), TensorData.FromFloats([], 0), TensorData.FromLongs([1, 1, 7, 3], 4)], Note = "sizes beside empty scales" },
        new("BatchNormalization", 8, [2, 3, 4]) { Constants = PerChannel(4), Attributes = [("spatial", 1)] },
        new("BatchNormalization", 9, [2, 3, 4]) { Constants = PerChannel(4) },
        new("Dropout", 7, [2, 3]) { Attributes = [("ratio", 0.3f)] },
        new("Dropout", 11, [2, 3]) { Attributes = [("ratio", 0.3f)] },
        new("PRelu", 7, [2, 3, 4]) { Constants = [TensorData.FromFloats([0.1f, 0.2f, 0.3f], 3, 1)] },
        new("Scatter", 9, [3, 3]) { Constants = [TensorData.FromLongs([1, 0, 2], 1, 3), TensorData.FromFloats([7, 8, 9], 1, 3)] },
        new("LayerNormalization", 12, [2, 3, 4]) { Constants = [TensorData.FromFloats([1, 2, 3, 4], 4)], Attributes = [("axis", -1), ("epsilon", 0.1f)], Note = "the runtime's own, before the standard had it" },
        new("MeanVarianceNormalization", 9, [2, 3, 4]) { Attributes = [("axes", new[] { 0L, 2L })] },
        new("GridSample", 16, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([-0.5f, 0.5f, 0.1f, -0.9f], 1, 1, 2, 2)], Attributes = [("mode", "bicubic")] },
        new("DFT", 17, [1, 4, 3, 1]),
        new("DFT", 17, [1, 4, 3, 1]) { Attributes = [("axis", 2)] },
        new("Gemm", 7, [2, 3]) { Constants = [TensorData.FromFloats([1, 2, 3, 4, 5, 6], 3, 2), TensorData.FromFloats([1, 2], 2)] },
        new("Flatten", 7, [2, 3, 4]),
        new("MaxPool", 7, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L })] },
        new("AveragePool", 10, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L }), ("ceil_mode", 1)] },
        new("RoiAlign", 10, [1, 1, 6, 6]) { Constants = [TensorData.FromFloats([0, 0, 4, 4], 1, 4), TensorData.FromLongs([0], 1)], Attributes = [("output_height", 2), ("output_width", 2), ("sampling_ratio", 2)] },
        .. Additions,
        .. Reductions,
        .. Quantization,
        .. Recurrent,
        .. Experimental,
    ];

    /// <summary>Versions that only added inputs or attributes.</summary>
    private static UpgradeCase[] Additions =>
    [
        new("ArgMax", 11, [2, 3, 4]) { Attributes = [("axis", 1)] },
        new("ArgMin", 11, [2, 3, 4]) { Attributes = [("axis", 1), ("keepdims", 0)] },
        new("AveragePool", 7, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 2L }), ("pads", new[] { 1L, 1L, 1L, 1L }), ("count_include_pad", 1)] },
        new("AveragePool", 11, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("strides", new[] { 2L, 2L }), ("pads", new[] { 1L, 0L, 0L, 1L }), ("ceil_mode", 1)] },
        new("Cast", 13, [2, 3]) { Attributes = [("to", (long)ElementType.Int32)] },
        new("CastLike", 15, [2, 3]) { Constants = [TensorData.FromLongs([1], 1)] },
        new("DepthToSpace", 7, [1, 8, 2, 2]) { Attributes = [("blocksize", 2)] },
        new("GatherND", 11, [3, 4]) { Constants = [TensorData.FromLongs([0, 1, 2, 3], 2, 2)] },
        new("Gemm", 9, [2, 3]) { Constants = [TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3), TensorData.FromFloats([1], 1)], Attributes = [("transB", 1), ("alpha", 0.5f)] },
        new("LpPool", 11, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("auto_pad", "SAME_UPPER")] },
        new("MaxPool", 8, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 3L, 3L }), ("strides", new[] { 2L, 2L }), ("pads", new[] { 1L, 1L, 1L, 1L })], Outputs = 2 },
        new("OneHot", 9, [2, 3]) { X = TensorData.FromLongs([0, 3, 2, 1, 5, 0], 2, 3), Constants = [TensorData.Scalar(4L), TensorData.FromFloats([-1, 2], 2)] },
        new("Pad", 13, [4, 4]) { Constants = [TensorData.Vector(1, 2, 0, -1), TensorData.Scalar(0.3f)] },
        new("Pad", 18, [4, 4]) { Constants = [TensorData.Vector(1, 2), TensorData.Scalar(0.3f), TensorData.Vector(1)] },
        new("Reshape", 13, [2, 3, 4]) { Constants = [TensorData.Vector(0, -1)] },
        new("Resize", 13, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([], 0), TensorData.FromFloats([1, 1, 1.6f, 0.7f], 4)], Attributes = [("mode", "cubic"), ("coordinate_transformation_mode", "align_corners")] },
        new("Resize", 18, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([], 0), TensorData.FromFloats([0.6f, 0.7f], 2)], Attributes = [("mode", "linear"), ("antialias", 1), ("axes", new[] { 2L, 3L })] },
        new("ScatterElements", 13, [3, 3]) { Constants = [TensorData.FromLongs([1, 0, -1], 1, 3), TensorData.FromFloats([7, 8, 9], 1, 3)] },
        new("ScatterElements", 16, [3, 3]) { Constants = [TensorData.FromLongs([1, 1, 1], 3, 1), TensorData.FromFloats([7, 8, 9], 3, 1)], Attributes = [("axis", 1), ("reduction", "mul")] },
        new("ScatterND", 13, [3, 3]) { Constants = [TensorData.FromLongs([2, 0], 2, 1), TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3)] },
        new("ScatterND", 16, [3, 3]) { Constants = [TensorData.FromLongs([2, 2], 2, 1), TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3)], Attributes = [("reduction", "add")] },
        new("Shape", 13, [2, 3, 4]),
        new("TopK", 10, [3, 5]) { Constants = [TensorData.Vector(2)], Outputs = 2, Attributes = [("axis", 0)] },
    ];

    private static IEnumerable<UpgradeCase> Reductions =>
        new[] { "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare" }.SelectMany(op => new UpgradeCase[]
        {
            new(op, 11, [2, 3, 4]) { X = Positive, Attributes = [("axes", new[] { 0L, -1L }), ("keepdims", 0)] },
            new(op, op == "ReduceSum" ? 12 : 13, [2, 3, 4]) { X = Positive, Note = "all axes" },
        });

    private static UpgradeCase[] Quantization =>
    [
        new("QuantizeLinear", 10, [2, 3]) { Constants = [TensorData.Scalar(0.1f), UInt8(3)] },
        new("QuantizeLinear", 13, [2, 3]) { Constants = [TensorData.FromFloats([0.1f, 0.01f], 2), UInt8(3, 200)], Attributes = [("axis", 0)] },
        new("QuantizeLinear", 19, [2, 3]) { Constants = [TensorData.FromFloats([0.1f, 0.01f, 0.2f], 3), UInt8(3, 200, 0)] },
        new("DequantizeLinear", 10, [6]) { X = UInt8(0, 1, 2, 253, 254, 255), Constants = [TensorData.Scalar(0.1f), UInt8(3)] },
        new("DequantizeLinear", 13, [6]) { X = UInt8(0, 1, 2, 253, 254, 255), Constants = [TensorData.Scalar(0.1f)], Note = "without a zero point" },
        new("DequantizeLinear", 19, [6]) { X = UInt8(0, 1, 2, 253, 254, 255), Constants = [TensorData.FromFloats([1, 2, 3, 4, 5, 6], 6)], Attributes = [("axis", 0)] },
    ];

    private static IEnumerable<UpgradeCase> Recurrent => new[] { ("RNN", 1), ("GRU", 3), ("LSTM", 4) }.Select(r => new UpgradeCase(r.Item1, 7, [3, 2, 4])
    {
        Constants = [Sines(1, 2 * r.Item2, 4), Sines(1, 2 * r.Item2, 2), Sines(1, 4 * r.Item2)], Attributes = [("hidden_size", 2)], Outputs = 2,
    });

    private static UpgradeCase[] Experimental =>
    [
        new("Affine", 7, [2, 3]) { Attributes = [("alpha", 2f), ("beta", 0.5f)] },
        new("Scale", 7, [2, 3]) { Attributes = [("scale", 2f)] },
        new("ScaledTanh", 7, [2, 3]) { Attributes = [("alpha", 1.7f), ("beta", 0.6f)] },
        new("ParametricSoftplus", 7, [2, 3]) { Attributes = [("alpha", 1.7f), ("beta", 0.6f)] },
        new("ImageScaler", 7, [2, 3, 2, 2]) { Attributes = [("scale", 0.5f), ("bias", new[] { 1f, 2f, 3f })] },
        new("Crop", 7, [1, 2, 5, 6]) { Attributes = [("border", new[] { 1L, 0L, 2L, 1L })] },
        new("Crop", 7, [1, 2, 5, 6]) { Attributes = [("border", new[] { 1L, 2L, 0L, 0L }), ("scale", new[] { 2L, 3L })] },
        new("MeanVarianceNormalization", 7, [2, 3, 2, 2]),
        new("MeanVarianceNormalization", 8, [2, 3, 2, 2]) { Attributes = [("across_channels", 1), ("normalize_variance", 0)] },
        new("MeanVarianceNormalization", 8, [2, 3, 2, 2]) { Attributes = [("normalize_variance", 0)] },
        new("MeanVarianceNormalization", 8, [2, 3, 2, 2]) { Attributes = [("across_channels", 1)] },
    ];

    private static TensorData Positive => TensorData.FromFloats([.. Enumerable.Range(0, 24).Select(i => 1.1f + MathF.Sin(i))], 2, 3, 4);

    /// <summary>Scale, bias, mean, variance … of three channels.</summary>
    public static TensorData[] PerChannel(int count) =>
        [.. Enumerable.Range(1, count).Select(i => TensorData.FromFloats([0.5f * i, 0.3f + i, 0.1f * i], 3))];

    private static TensorData Sines(params long[] shape) => TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => MathF.Sin(i * 1.3f))], shape);

    private static TensorData UInt8(params byte[] values) => TensorData.FromBytes(ElementType.UInt8, values.Length == 1 ? Shape.Scalar : Shape.Of(values.Length), values);
}
