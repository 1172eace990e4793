namespace OnnxFineTune.Surgery;

/// <summary>What ONNX Runtime's attention adds to the scores [N, heads, queries, keys]: a bias, and a large negative number where a mask says that a key is not to be seen.</summary>
/// <param name="node">The attention.</param>
/// <param name="mask">The input with the mask: the number of keys [N], or 1 and 0 by key [N, keys], or by query and key [N, queries, keys].</param>
/// <param name="bias">The input that is added to the scores.</param>
internal sealed class RuntimeAttentionMask(Node node, int mask, int bias)
{
    private Value? Mask => node.Input(mask);

    private bool IsCausal => node.Attributes.Int("unidirectional") != 0;

    /// <summary>Why the mask cannot be written out, or null.</summary>
    public string? Obstacle => Mask is null ? null
        : Mask.Shape is not { } shape || shape.Rank > 3 || (shape.Rank == 1 && shape[0] != node.Inputs[0]!.Shape?[0]) ? "its mask is neither lengths [N] nor [N, keys] nor [N, queries, keys]"
        : null;

    /// <summary>The scores with bias and mask.</summary>
    public Value Add(GraphBuilder b, Value scores)
    {
        if (node.Input(bias) is { } given)
            scores = b.Add(scores, given);
        if (Mask is not null)
            scores = b.Add(scores, b.Where(Hidden(b, scores), b.ScalarLike(node.Attributes.Float("mask_filter_value", -10000), scores), b.ScalarLike(0, scores)));
        return IsCausal ? b.Where(Earlier(b, scores), scores, b.ScalarLike(scores.ElementType == ElementType.Float16 ? (double)Half.MinValue : float.MinValue, scores)) : scores;
    }

    private Value Hidden(GraphBuilder b, Value scores)
    {
        Value given = b.Cast(Mask!, ElementType.Int64);
        return Mask!.Shape!.Rank switch
        {
            1 => b.GreaterOrEqual(Count(b, b.Shape_(scores, 3, 4)), b.Unsqueeze(given, 1, 2, 3)),
            2 => b.Equal(b.Unsqueeze(given, 1, 2), b.Long(0)),
            _ => b.Equal(b.Unsqueeze(given, 1), b.Long(0)),
        };
    }

    /// <summary>A query sees the keys up to its own; it stands as far from the end as they do.</summary>
    public static Value Earlier(GraphBuilder b, Value scores)
    {
        Value queries = b.Shape_(scores, 2, 3), keys = b.Shape_(scores, 3, 4);
        return b.GreaterOrEqual(b.Add(b.Unsqueeze(Count(b, queries), 1), b.Sub(keys, queries)), Count(b, keys));
    }

    /// <summary>0, 1, 2 …</summary>
    private static Value Count(GraphBuilder b, Value length) => b.Range(b.Long(0), b.Squeeze(length, 0), b.Long(1));
}
