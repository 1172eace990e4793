namespace OnnxFineTune.Surgery;

/// <summary>What ONNX Runtime's exports of language models are made of: attention with shared heads, rotary positions, and products with weights of 4 or 8 bits.</summary>
internal static class RuntimeDecoderExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(RuntimeDomain.Name, "GroupQueryAttention")] = GroupQuery,
        [(RuntimeDomain.Name, "RotaryEmbedding")] = Rotary,
        [(RuntimeDomain.Name, "MatMulNBits")] = NarrowProduct,
    };

    /// <summary>What an operator must have to be written out, for the table of gradients.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(RuntimeDomain.Name, "GroupQueryAttention")] = "causal, without a cache of keys and values, a window or changed softmax",
        [(RuntimeDomain.Name, "MatMulNBits")] = "a constant weight of 4 or 8 bits, which stays as it is",
    };

    /// <summary>softmax(scale · Q·Kᵀ) · V per head, each query with the keys up to its own; several heads of the queries share one of keys and values.</summary>
    private static string? GroupQuery(Node n, GraphBuilder b)
    {
        if (GroupQueryObstacle(n) is { } reason)
            return reason;
        long heads = n.Attributes.Int("num_heads"), shared = n.Attributes.Int("kv_num_heads"), width = n.Inputs[0]!.Shape![2].Value!.Value;
        long size = n.Input(1) is null ? width / (heads + (2 * shared)) : width / heads;
        IReadOnlyList<Value> parts = n.Input(1) is null ? b.Split(n.Inputs[0]!, 2, heads * size, shared * size, shared * size) : [n.Inputs[0]!, n.Inputs[1]!, n.Inputs[2]!];
        Value q = Apart(b, parts[0], heads), k = Apart(b, parts[1], shared), v = Apart(b, parts[2], shared);
        if (n.Attributes.Int("do_rotary") != 0)
            (q, k) = (TurnedByPlace(n, b, q), TurnedByPlace(n, b, k));
        Value scale = b.ScalarLike(n.Attributes.Float("scale") is var given and not 0 ? given : 1 / Math.Sqrt(size), q);
        Value owners = b.Longs([.. Enumerable.Range(0, (int)heads).Select(h => h / (heads / shared))]);
        Value scores = b.MatMul(b.Mul(q, scale), b.Transpose(b.Gather(k, owners, 1), 0, 1, 3, 2));
        if (n.Attributes.Float("softcap") is var cap and not 0)
            scores = b.Mul(b.Tanh(b.Div(scores, b.ScalarLike(cap, scores))), b.ScalarLike(cap, scores));
        scores = n.Input(10) is { } bias ? b.Add(scores, bias) : scores;
        Value weights = b.Softmax(b.Where(RuntimeAttentionMask.Earlier(b, scores), scores, b.ScalarLike(float.MinValue, scores)));
        Value y = b.Reshape(b.Transpose(b.MatMul(weights, b.Gather(v, owners, 1)), 0, 2, 1, 3), 0, 0, -1);
        n.ReplaceBy(y, n.Output(1) is null ? null : b.Identity(k), n.Output(2) is null ? null : b.Identity(v));
        return null;
    }

    private static string? GroupQueryObstacle(Node n) =>
        n.Inputs[0]!.Shape is not { Rank: 3 } query || query[2].Value is null ? "the width of its queries is unknown"
        : n.Input(3) is { } past && past.Shape?[2].Value is not 0 ? "it goes on from a cache of keys and values: give that input the length 0"
        : n.Attributes.Int("causal", 1) == 0 || n.Attributes.Int("local_window_size", -1) > 0 ? "its queries see other keys than all before"
        : n.Attributes.Int("smooth_softmax") > 0 || n.Inputs.Skip(11).Any(i => i is not null) ? "its softmax or its queries and keys are changed on the way (smooth_softmax, head_sink, q_norm_weight)"
        : n.Output(3) is not null ? "its fourth output, the scores, is in use"
        : null;

    /// <summary>[N, positions, heads·size] as [N, heads, positions, size].</summary>
    private static Value Apart(GraphBuilder b, Value x, long heads) => b.Transpose(b.Reshape(x, 0, 0, heads, -1), 0, 2, 1, 3);

    /// <summary>By the places in the sequence, from the first position on where one is given.</summary>
    private static Value TurnedByPlace(Node n, GraphBuilder b, Value apart)
    {
        Value places = Count(b, apart);
        if (n.Input(9) is { } positions)
            places = b.Add(places, b.Slice(b.Reshape(positions, -1), 0, 0, 1));
        return AttentionExpansions.Turned(b, apart, Rows(b, n.Inputs[7]!, places, 0, 1), Rows(b, n.Inputs[8]!, places, 0, 1), 2 * n.Inputs[7]!.Shape![1].Value!.Value, n.Attributes.Int("rotary_interleaved") != 0);
    }

    /// <summary>0, 1, 2 … for the positions of [N, heads, positions, size].</summary>
    private static Value Count(GraphBuilder b, Value apart) => b.Range(b.Long(0), b.Squeeze(b.Shape_(apart, 2, 3), 0), b.Long(1));

    private static Value Rows(GraphBuilder b, Value table, Value places, params ReadOnlySpan<long> axes) => b.Unsqueeze(b.Gather(table, places), axes);

    /// <summary>As the standard's, with the positions in front of the tables, or only the first of them.</summary>
    private static string? Rotary(Node n, GraphBuilder b)
    {
        (Value x, Value positions, Value cos, Value sin) = (n.Inputs[0]!, n.Inputs[1]!, n.Inputs[2]!, n.Inputs[3]!);
        if (x.Shape is not { } shape || positions.Shape is null || cos.Shape?[1].Value is not long half || (shape.Rank == 3 && shape[2].Value is null))
            return "the form of its data, its positions or its tables is unknown";
        if (n.Attributes.Int("is_packed_batching") != 0)
            return "its batch is packed";
        long given = n.Attributes.Int("rotary_embedding_dim"), heads = n.Attributes.Int("num_heads");
        if (shape.Rank == 3 && heads == 0)
            heads = shape[2].Value!.Value / (2 * half);
        Value apart = shape.Rank == 3 ? Apart(b, x, heads) : x;
        bool each = positions.Shape.Rank == 2;
        Value places = each ? positions : b.Add(Count(b, apart), positions);
        Value Angles(Value table) => each ? Rows(b, table, places, 1) : Rows(b, table, places, 0, 1);
        Value y = AttentionExpansions.Turned(b, apart, Angles(cos), Angles(sin), given > 0 ? given : 2 * half, n.Attributes.Int("interleaved") != 0);
        n.ReplaceBy(shape.Rank == 3 ? b.Reshape(b.Transpose(y, 0, 2, 1, 3), 0, 0, -1) : y);
        return null;
    }

    /// <summary>A · Wᵀ, where W [N, K] is constant and stored in blocks along K, each with a scale.</summary>
    private static string? NarrowProduct(Node n, GraphBuilder b)
    {
        long bits = n.Attributes.Int("bits", 4), block = n.Attributes.Int("block_size"), rows = n.Attributes.Int("N"), columns = n.Attributes.Int("K");
        long blocks = (columns + block - 1) / block;
        if (bits is not (4 or 8) || n.Inputs[1]!.ConstantContent() is not { } weights || n.Input(4) is not null)
            return "its weight is no constant of 4 or 8 bits in the order of its columns";
        if (n.Input(3) is { } given && given.ConstantContent() is not { ElementType: ElementType.UInt8 })
            return "its zero points are computed, or no integers";
        ElementType type = bits == 4 ? ElementType.UInt4 : ElementType.UInt8;
        Value w = b.Graph.AddInitializer(b.Graph.UniqueName($"{n.Inputs[1]!.Name}/blocks"), TensorData.FromBytes(type, Shape.Of(rows, blocks * block), weights.Bytes));
        Value real = b.Op("DequantizeLinear", [w, b.Reshape(n.Inputs[2]!, rows, blocks), ZeroPoints(b, n.Input(3)?.ConstantContent(), type, rows, blocks)], ("axis", 1), ("block_size", block));
        real.ElementType = ElementType.Float;
        real = blocks * block == columns ? real : b.Slice(real, 1, 0, columns);
        Value y = b.MatMul(n.Inputs[0]!, b.Transpose(real, 1, 0));
        n.ReplaceBy(n.Input(5) is { } bias ? b.Add(y, bias) : y);
        return null;
    }

    /// <summary>One for each block; rows of 4-bit ones begin with a byte of their own where they are stored, and not in a tensor. The middle of the range where none are given.</summary>
    private static Value ZeroPoints(GraphBuilder b, TensorData? given, ElementType type, long rows, long blocks)
    {
        bool narrow = type == ElementType.UInt4;
        byte[] points = [.. Enumerable.Repeat((byte)(narrow ? 8 : 128), (int)(rows * blocks))];
        if (given is not null)
            for (int i = 0; i < points.Length; i++)
                points[i] = narrow ? Nibble(given.Bytes.Span, (int)((i / blocks * (blocks + blocks % 2)) + (i % blocks))) : given.Bytes.Span[i];
        byte[] stored = !narrow ? points : [.. points.Chunk(2).Select(p => (byte)(p[0] | (p.Length > 1 ? p[1] << 4 : 0)))];
        return b.Constant(TensorData.FromBytes(type, Shape.Of(rows, blocks), stored));
    }

    private static byte Nibble(ReadOnlySpan<byte> bytes, int index) => (byte)(index % 2 == 0 ? bytes[index / 2] & 15 : bytes[index / 2] >> 4);
}
