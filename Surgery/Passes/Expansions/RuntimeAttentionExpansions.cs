namespace OnnxFineTune.Surgery;

/// <summary>Attention of ONNX Runtime's own operator set: softmax(scale · Q·Kᵀ + masks) · V per head.</summary>
internal static class RuntimeAttentionExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(RuntimeDomain.Name, "MultiHeadAttention")] = MultiHead,
        [(RuntimeDomain.Name, "Attention")] = Projecting,
    };

    /// <summary>Queries, keys and values are given, [N, positions, heads·size], or keys and values with their heads apart.</summary>
    private static string? MultiHead(Node n, GraphBuilder b)
    {
        RuntimeAttentionMask mask = new(n, 4, 5);
        if ((MultiHeadObstacle(n) ?? mask.Obstacle) is { } reason)
            return reason;
        Value q = Heads(n, b, Biased(n, b, 0)), k = Apart(n, b, 1), v = Apart(n, b, 2);
        k = n.Input(6) is { } pastKey ? b.Concat(2, pastKey, k) : k;
        v = n.Input(7) is { } pastValue ? b.Concat(2, pastValue, v) : v;
        Value y = Attended(n, b, q, k, v, mask);
        n.ReplaceBy(y, n.Output(1) is null ? null : b.Identity(k), n.Output(2) is null ? null : b.Identity(v));
        return null;
    }

    private static string? MultiHeadObstacle(Node n) =>
        n.Inputs[0]!.Shape is not { Rank: 3 } query || query[2].Value is null || n.Input(1)?.Shape is null || n.Input(2)?.Shape is null ? "the form of its queries, keys or values is unknown, or they are packed in one tensor"
        : n.Input(8) is not null || n.Input(9) is not null ? "it shares the memory of its cache"
        : n.Output(3) is not null ? "its fourth output, the scores, is in use"
        : null;

    /// <summary>The queries, keys or values with their part of the bias, which is that of all three.</summary>
    private static Value Biased(Node n, GraphBuilder b, int input)
    {
        Value x = n.Inputs[input]!;
        if (n.Input(3) is not { } bias)
            return x;
        long width = n.Inputs[0]!.Shape![2].Value!.Value;
        return b.Add(x, b.Slice(bias, 0, input * width, input < 2 ? (input + 1) * width : long.MaxValue));
    }

    private static Value Apart(Node n, GraphBuilder b, int input) => n.Inputs[input]!.Shape!.Rank == 4 ? n.Inputs[input]! : Heads(n, b, Biased(n, b, input));

    /// <summary>[N, positions, heads·size] as [N, heads, positions, size].</summary>
    private static Value Heads(Node n, GraphBuilder b, Value x) => b.Transpose(b.Reshape(x, 0, 0, n.Attributes.Int("num_heads"), -1), 0, 2, 1, 3);

    /// <summary>Queries, keys and values are one product of the data; what is remembered of keys and values is one tensor too.</summary>
    private static string? Projecting(Node n, GraphBuilder b)
    {
        RuntimeAttentionMask mask = new(n, 3, 5);
        if ((ProjectingObstacle(n) ?? mask.Obstacle) is { } reason)
            return reason;
        long[] widths = Widths(n)!;
        Value all = b.MatMul(n.Inputs[0]!, n.Inputs[1]!);
        all = n.Input(2) is { } bias ? b.Add(all, bias) : all;
        Value[] parts = [.. b.Split(all, 2, widths).Select(part => Heads(n, b, part))];
        if (n.Input(4) is { } past)
            for (int i = 0; i < 2; i++)
                parts[i + 1] = b.Concat(2, b.Squeeze(b.Slice(past, 0, i, i + 1), 0), parts[i + 1]);
        Value y = Attended(n, b, parts[0], parts[1], parts[2], mask);
        n.ReplaceBy(y, n.Output(1) is null ? null : b.Concat(0, b.Unsqueeze(parts[1], 0), b.Unsqueeze(parts[2], 0)));
        return null;
    }

    private static string? ProjectingObstacle(Node n) =>
        Widths(n) is null ? "the width of its queries, keys and values is unknown"
        : n.Attributes.Int("do_rotary") != 0 ? "it turns queries and keys by their position (do_rotary)"
        : n.Input(6) is not null ? "it shares the memory of its cache"
        : null;

    private static long[]? Widths(Node n) => n.Attributes.Ints("qkv_hidden_sizes") is { Length: 3 } given ? given
        : n.Inputs[1]!.Shape?[1].Value is long width ? [width / 3, width / 3, width / 3] : null;

    private static Value Attended(Node n, GraphBuilder b, Value q, Value k, Value v, RuntimeAttentionMask mask)
    {
        Value scores = mask.Add(b, b.MatMul(b.Mul(q, Scale(n, b, q)), b.Transpose(k, 0, 1, 3, 2)));
        return b.Reshape(b.Transpose(b.MatMul(b.Softmax(scores), v), 0, 2, 1, 3), 0, 0, -1);
    }

    /// <summary>The attribute, or 1/√size of a head.</summary>
    private static Value Scale(Node n, GraphBuilder b, Value q) => n.Attributes.Float("scale") is var scale and not 0 ? b.ScalarLike(scale, q)
        : b.Reciprocal(b.Sqrt(b.CastLike(b.Shape_(q, 3), q)));
}
