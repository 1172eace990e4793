using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of Attention and RotaryEmbedding with masks, with keys and values of before, and by position.</summary>
internal static class AttentionCases
{
    public static readonly GradientCase[] Rows = [.. All.Select(c => c with { Opset = 23, DoubleTolerance = 1e-6, Batch = false })];

    private static GradientCase[] All =>
    [
        new("Attention", [2, 3, 4, 6], [2, 3, 5, 6], [2, 3, 5, 7]) { Constants = { [3] = Mask(4, 5) }, Note = "some keys hidden" },
        new("Attention", [2, 2, 3, 4], [2, 2, 3, 4], [2, 2, 3, 4], null, [2, 2, 2, 4], [2, 2, 2, 4]) { Attributes = [("is_causal", 1)], Outputs = 3, Note = "past" },
        new("Attention", [2, 4, 3, 6], [2, 2, 5, 6], [2, 2, 5, 6]) { Attributes = [("scale", 0.3f)], Note = "two heads of queries a head of keys" },
        new("RotaryEmbedding", [2, 4, 12], [2, 4, 2], [2, 4, 2]) { Attributes = [("num_heads", 3)] },
        new("RotaryEmbedding", [2, 3, 4, 6], [7, 3], [7, 3]) { Constants = { [3] = TensorData.FromLongs([0, 2, 6, 1, 5, 5, 3, 0], 2, 4) } },
    ];

    /// <summary>Each query sees at least one key.</summary>
    private static TensorData Mask(int queries, int keys) => TensorData.FromBytes(ElementType.Bool, Shape.Of(queries, keys),
        Enumerable.Range(0, queries * keys).Select(i => (byte)(i % 3 == 0 ? 0 : 1)).ToArray());
}
