namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of operators that the standard defines by others.</summary>
internal static class FunctionCases
{
    /// <summary>Their factors (scale, epsilon, alpha) are float32 attributes, which the runtime's kernels and the written-out form do not widen at the same place.</summary>
    private const double Single = 1e-6;

    public static readonly GradientCase[] Rows =
    [
        new("RMSNormalization", [2, 3, 4], [4]) { Opset = 23, DoubleTolerance = Single },
        new("RMSNormalization", [2, 3, 4], [3, 4]) { Opset = 23, DoubleTolerance = Single, Attributes = [("axis", 1), ("epsilon", 0.1f)] },
        new("Swish", [2, 3]) { Opset = 24, DoubleTolerance = Single, Attributes = [("alpha", 1.5f)] },
        new("RotaryEmbedding", [2, 3, 4, 6], [2, 4, 3], [2, 4, 3]) { Opset = 23, Batch = false, DoubleTolerance = Single },
        new("RotaryEmbedding", [2, 3, 4, 6], [2, 4, 2], [2, 4, 2]) { Opset = 23, Batch = false, DoubleTolerance = Single, Attributes = [("interleaved", 1), ("rotary_embedding_dim", 4)] },
        new("Attention", [2, 3, 4, 6], [2, 3, 5, 6], [2, 3, 5, 7], [4, 5]) { Opset = 23, DoubleTolerance = Single },
        new("Attention", [2, 4, 12], [2, 4, 6], [2, 4, 6]) { Opset = 23, DoubleTolerance = Single, Attributes = [("q_num_heads", 4), ("kv_num_heads", 2), ("is_causal", 1), ("softcap", 2f)] },
    ];
}
