using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of ONNX Runtime's own operators, which its optimizer writes into models that it saves.</summary>
internal static class RuntimeOperatorCases
{
    private static readonly long[] Kernel = [3, 3], Border = [1, 1, 1, 1];

    public static readonly GradientCase[] Rows =
    [
        new("SimplifiedLayerNormalization", [2, 3, 4], [4]) { DoubleTolerance = 1e-6 },
        new("SimplifiedLayerNormalization", [2, 3, 4], [3, 4]) { Attributes = [("axis", 1), ("epsilon", 0.1f)], DoubleTolerance = 1e-6 },
        .. Own.Select(c => c with { Domain = "com.microsoft", DoubleTolerance = 1e-6 }),
    ];

    private static IEnumerable<GradientCase> Own => [.. Activations, .. Products, .. Normalizations, .. Attentions, .. Decoders];

    private static GradientCase[] Activations =>
    [
        new("Gelu", [2, 3]) { Range = (-3, 3) },
        new("BiasGelu", [2, 3, 4], [4]) { Range = (-2, 2) },
        new("FastGelu", [2, 3]) { Range = (-3, 3) },
        new("FastGelu", [2, 3, 4], [4]) { Range = (-2, 2) },
        new("QuickGelu", [2, 3]) { Range = (-3, 3) },
        new("QuickGelu", [2, 3]) { Range = (-3, 3), Attributes = [("alpha", 0.7f)] },
    ];

    private static GradientCase[] Products =>
    [
        FusedConv("Relu", []) with { Ranges = new() { [2] = (8, 9) } },
        FusedConv("Tanh", []),
        FusedConv("Sigmoid", []),
        FusedConv("LeakyRelu", [0.3f]) with { Ranges = new() { [2] = (-9, -8) } },
        FusedConv("Clip", [-20f, 20f]),
        FusedConv("HardSigmoid", [0.02f, 0.4f]),
        new("FusedConv", [2, 2, 4, 4], [3, 2, 3, 3], [3], [2, 3, 4, 4]) { Attributes = [("kernel_shape", Kernel), ("pads", Border), ("activation", "Relu")], Ranges = { [3] = (8, 9) }, Note = "with a sum" },
        new("FusedGemm", [2, 3], [3, 4], [4]) { Attributes = [("activation", "Relu")], Ranges = { [2] = (5, 6) } },
        new("FusedGemm", [2, 3], [4, 3], [4]) { Attributes = [("activation", "LeakyRelu"), ("activation_alpha", 0.3f), ("transB", 1), ("alpha", 0.5f), ("beta", 2f)], Ranges = { [2] = (-6, -5) } },
        new("FusedGemm", [2, 3], [3, 4]) { Attributes = [("activation", "Tanh")] },
        new("FusedMatMul", [2, 3], [3, 4]) { Attributes = [("alpha", 0.5f)] },
        new("FusedMatMul", [2, 3, 4], [2, 5, 4]) { Attributes = [("transB", 1)] },
        new("FusedMatMul", [2, 4, 3], [2, 4, 5]) { Attributes = [("transA", 1)] },
        new("FusedMatMul", [3, 2, 4], [2, 4, 5]) { Attributes = [("transBatchA", 1)], Batch = false },
        new("FusedMatMul", [2, 3, 4], [4, 2, 5]) { Attributes = [("transBatchB", 1)], Batch = false },
        new("FusedMatMul", [2, 3, 4], [5, 2, 4]) { Attributes = [("transBatchB", 1), ("transB", 1), ("alpha", 2f)], Batch = false },
        new("TransposeMatMul", [2, 4, 3], [2, 4, 5]) { Attributes = [("transA", 1)] },
    ];

    private static GradientCase[] Normalizations =>
    [
        new("SkipLayerNormalization", [2, 3, 4], [2, 3, 4], [4]),
        new("SkipLayerNormalization", [2, 3, 4], [2, 3, 4], [4], [4], [4]) { Attributes = [("epsilon", 0.1f)] },
        new("SkipLayerNormalization", [2, 3, 4], [3, 4], [4], [4]) { Note = "one skip for all" },
        new("SkipSimplifiedLayerNormalization", [2, 3, 4], [2, 3, 4], [4]),
        new("SkipSimplifiedLayerNormalization", [2, 3, 4], [2, 3, 4], [4], [4]) { Attributes = [("epsilon", 0.1f)] },
        new("EmbedLayerNormalization", null, null, [6, 4], [5, 4], [2, 4], [4], [4])
        {
            Constants = { [0] = Ints([0, 5, 2, 2, 1, 0], 2, 3), [1] = Ints([0, 0, 1, 0, 1, 1], 2, 3) }, Outputs = 2, Attributes = [("epsilon", 0.1f)],
        },
        new("EmbedLayerNormalization", null, null, [6, 4], [5, 4], null, [4], [4])
        {
            Constants = { [0] = Ints([0, 5, 2, 2, 1, 0], 2, 3), [7] = Ints([1, 1, 0, 1, 1, 1], 2, 3), [8] = Ints([2, 3, 4, 0, 1, 2], 2, 3) }, Outputs = 2, Attributes = [("epsilon", 0.1f)],
        },
    ];

    private static GradientCase[] Attentions =>
    [
        MultiHead([2, 3, 4], [2, 5, 4], [2, 5, 6]),
        MultiHead([2, 3, 4], [2, 5, 4], [2, 5, 6], [14]),
        MultiHead([2, 3, 4], [2, 5, 4], [2, 5, 6], null, null, [1, 2, 3, 5]) with { Batch = false },
        MultiHead([2, 3, 4], [2, 2, 5, 2], [2, 2, 5, 2]) with { Note = "heads of keys and values apart", Batch = false },
        MultiHead([2, 3, 4], [2, 3, 4], [2, 3, 4], null, null, null, [2, 2, 2, 2], [2, 2, 2, 2]) with { Outputs = 3, Note = "past", Batch = false },
        MultiHead([2, 3, 4], [2, 3, 4], [2, 3, 4]) with { Attributes = [("num_heads", 2), ("unidirectional", 1), ("scale", 0.3f)] },
        MultiHead([2, 3, 4], [2, 5, 4], [2, 5, 4]) with { Constants = new() { [4] = Ints([4, 2], 2) }, Batch = false },
        MultiHead([2, 3, 4], [2, 5, 4], [2, 5, 4]) with { Constants = new() { [4] = Ints([1, 1, 0, 1, 1, 0, 0, 1, 1, 1], 2, 5) }, Batch = false },
        MultiHead([2, 2, 4], [2, 3, 4], [2, 3, 4]) with { Constants = new() { [4] = Ints([1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1], 2, 2, 3) }, Batch = false },
        Projecting([2, 3, 4], [4, 12], [12]),
        Projecting([2, 3, 4], [4, 16], [16]) with { Attributes = [("num_heads", 2), ("qkv_hidden_sizes", new long[] { 4, 4, 8 }), ("unidirectional", 1)] },
        Projecting([2, 3, 4], [4, 12], [12], null, [2, 2, 2, 2, 2]) with { Outputs = 2, Note = "past", Batch = false },
        Projecting([2, 3, 4], [4, 12], [12], null, null, [1, 2, 3, 3]) with { Batch = false },
        Projecting([2, 3, 4], [4, 12], [12]) with { Constants = new() { [3] = Ints([1, 1, 0, 0, 1, 1], 2, 3) }, Attributes = [("num_heads", 2), ("scale", 0.3f), ("mask_filter_value", -3f)], Batch = false },
        Projecting([2, 3, 4], [4, 12], [12]) with { Constants = new() { [3] = Ints([3, 1], 2) }, Batch = false },
    ];

    private static GradientCase[] Decoders =>
    [
        GroupQuery([2, 3, 32], [2, 3, 16], [2, 3, 16]),
        GroupQuery([2, 3, 32], [2, 3, 16], [2, 3, 16]) with { Outputs = 3, Attributes = [("num_heads", 4), ("kv_num_heads", 2), ("scale", 0.3f), ("softcap", 2f)], Note = "with keys and values" },
        GroupQuery([2, 3, 64]) with { Note = "packed" },
        GroupQuery([2, 3, 64], [2, 3, 32], [2, 3, 32], null, null, null, null, [4, 8], [4, 8]) with { Attributes = [("num_heads", 4), ("kv_num_heads", 2), ("do_rotary", 1)] },
        GroupQuery([2, 3, 64], [2, 3, 32], [2, 3, 32], null, null, null, null, [4, 8], [4, 8]) with { Attributes = [("num_heads", 4), ("kv_num_heads", 2), ("do_rotary", 1), ("rotary_interleaved", 1)] },
        GroupQuery([2, 3, 32], [2, 3, 16], [2, 3, 16], null, null, null, null, null, null, null, [2, 4, 3, 3]),
        new("RotaryEmbedding", [2, 3, 8], null, [5, 2], [5, 2]) { Constants = { [1] = TensorData.FromLongs([0, 1, 2, 1, 4, 3], 2, 3) }, Batch = false },
        new("RotaryEmbedding", [2, 3, 8], null, [5, 2], [5, 2]) { Constants = { [1] = TensorData.Vector(1) }, Attributes = [("interleaved", 1)] },
        new("RotaryEmbedding", [2, 2, 3, 6], null, [5, 2], [5, 2]) { Constants = { [1] = TensorData.Vector(2) }, Attributes = [("rotary_embedding_dim", 4), ("num_heads", 2)] },
        NarrowProduct(4, 32, null, null),
        NarrowProduct(4, 40, null, null) with { Note = "a block that is not full" },
        NarrowProduct(4, 40, [0x37, 0x09, 0xA8, 0x01, 0x5C, 0x08], null) with { Note = "zero points of odd number" },
        NarrowProduct(8, 32, [100, 130, 128, 90, 7, 255], [1, 2, 3]) with { Note = "8 bits" },
    ];

    private static GradientCase GroupQuery(params long[]?[] shapes) => new("GroupQueryAttention", shapes)
    {
        Constants = { [5] = Ints([2, 2], 2), [6] = Ints([3]) }, Attributes = [("num_heads", 4), ("kv_num_heads", 2)], Batch = false,
    };

    /// <summary>x [2, 3, K] with 3 rows of weights in blocks of 16.</summary>
    private static GradientCase NarrowProduct(int bits, int columns, byte[]? zeroPoints, float[]? bias)
    {
        int blocks = (columns + 15) / 16, bytes = 2 * bits;
        GradientCase c = new("MatMulNBits", [2, 3, columns])
        {
            Attributes = [("bits", bits), ("block_size", 16), ("N", 3), ("K", columns)],
            Constants =
            {
                [1] = TensorData.FromBytes(ElementType.UInt8, Shape.Of(3, blocks, bytes), Enumerable.Range(0, 3 * blocks * bytes).Select(i => (byte)(i * 37)).ToArray()),
                [2] = TensorData.FromFloats([.. Enumerable.Range(1, 3 * blocks).Select(i => 0.02f * i)], 3 * blocks),
            },
        };
        if (zeroPoints is not null)
            c.Constants[3] = TensorData.FromBytes(ElementType.UInt8, Shape.Of(zeroPoints.Length), zeroPoints);
        if (bias is not null)
            c.Constants[5] = TensorData.FromFloats(bias, bias.Length);
        return c;
    }

    private static GradientCase FusedConv(string activation, float[] parameters) => new("FusedConv", [2, 2, 4, 4], [3, 2, 3, 3], [3])
    {
        Attributes = [("kernel_shape", Kernel), ("pads", Border), ("activation", activation), ("activation_params", parameters.Length > 0 ? parameters : null)],
    };

    private static GradientCase MultiHead(params long[]?[] shapes) => new("MultiHeadAttention", shapes) { Attributes = [("num_heads", 2)] };

    private static GradientCase Projecting(params long[]?[] shapes) => new("Attention", shapes) { Attributes = [("num_heads", 2)] };

    private static TensorData Ints(int[] values, params long[] shape) => TensorData.FromBytes(ElementType.Int32, Shape.Of(shape), MemoryMarshal.AsBytes<int>(values).ToArray());
}
