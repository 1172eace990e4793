namespace OnnxFineTune.Surgery;

/// <summary>Attention and what goes with it, written out as the standard defines them.</summary>
internal static class AttentionExpansions
{
    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "Attention")] = Attention,
        [(Model.StandardDomain, "RotaryEmbedding")] = Rotary,
    };

    /// <summary>What an operator must have to be written out, for the table of gradients.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(Model.StandardDomain, "Attention")] = "a known number of heads; neither nonpad_kv_seqlen nor qk_matmul_output",
        [(Model.StandardDomain, "RotaryEmbedding")] = "a known size of the heads",
    };

    /// <summary>softmax(scale · Q·Kᵀ + mask) · V per head, where several heads of Q may share one of K and V.</summary>
    public static string? Attention(Node n, GraphBuilder b)
    {
        AttentionForm form = new(n);
        if ((n.CallersAttribute() ?? form.Obstacle) is { } reason)
            return reason;
        Value q = form.Heads(b, 0), k = form.Heads(b, 1), v = form.Heads(b, 2);
        Value? pastLength = n.Input(4) is { } past ? b.SizeOf(past, 2) : null;
        k = n.Input(4) is { } pastKey ? b.Concat(2, pastKey, k) : k;
        v = n.Input(5) is { } pastValue ? b.Concat(2, pastValue, v) : v;
        Value root = b.Sqrt(form.Scale(b, q));
        Value scores = Biased(n, b, b.MatMul(b.Mul(q, root), b.Transpose(b.Mul(form.Shared(b, k), root), 0, 1, 3, 2)));
        Value? allowed = Allowed(n, b, scores, pastLength);
        Value weights = Softmax(n, b, allowed is null ? scores : b.Where(allowed, scores, Lowest(b, scores)));
        weights = allowed is null ? weights : b.Where(allowed, weights, b.ScalarLike(0, weights));      // nothing at all where nothing is allowed
        Value y = form.Joined(b, b.MatMul(weights, form.Shared(b, v)));
        n.ReplaceBy(y, n.Output(1) is null ? null : b.Identity(k), n.Output(2) is null ? null : b.Identity(v));
        return null;
    }

    private static Value Biased(Node n, GraphBuilder b, Value scores)
    {
        if (n.Attributes.Float("softcap") is var cap and not 0)
            scores = b.Mul(b.Tanh(b.Div(scores, b.ScalarLike(cap, scores))), b.ScalarLike(cap, scores));
        return n.Input(3) is { ElementType: not ElementType.Bool } bias ? b.Add(scores, bias) : scores;
    }

    /// <summary>Which keys a query may look at: those of the mask, and with <c>is_causal</c> none behind its own position. Null where all.</summary>
    private static Value? Allowed(Node n, GraphBuilder b, Value scores, Value? pastLength)
    {
        Value? mask = n.Input(3) is { ElementType: ElementType.Bool } given ? given : null;
        if (n.Attributes.Int("is_causal") == 0)
            return mask;
        Value rows = Count(b, scores, 2);
        rows = b.Unsqueeze(pastLength is null ? rows : b.Add(rows, pastLength), 1);
        Value causal = b.GreaterOrEqual(rows, Count(b, scores, 3));
        return mask is null ? causal : b.And(mask, causal);
    }

    private static Value Lowest(GraphBuilder b, Value scores) => b.ScalarLike(scores.ElementType == ElementType.Float16 ? (double)Half.MinValue : float.MinValue, scores);

    /// <summary>0, 1, 2 … along an axis.</summary>
    private static Value Count(GraphBuilder b, Value x, int axis) => b.Range(b.Long(0), b.Squeeze(b.Shape_(x, axis, axis + 1), 0), b.Long(1));

    private static Value Softmax(Node n, GraphBuilder b, Value scores)
    {
        ElementType precision = (ElementType)n.Attributes.Int("softmax_precision", (long)scores.ElementType);
        return b.CastLike(b.Softmax(b.Cast(scores, precision)), n.Inputs[0]!);
    }

    /// <summary>Turns each pair of elements by an angle that belongs to its position: (a, b) → (a·cos − b·sin, a·sin + b·cos).</summary>
    public static string? Rotary(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!;
        long heads = n.Attributes.Int("num_heads"), rotated = n.Attributes.Int("rotary_embedding_dim");
        int? rank = x.Shape?.Rank ?? (heads > 0 ? 3 : null);
        if (n.CallersAttribute() is { } reason)
            return reason;
        if (rank is null)
            return "the rank of its data is unknown";
        if (rotated == 0 && HeadSize(x, rank.Value, heads) is not { } size)
            return "the size of its heads is unknown";
        else if (rotated == 0)
            rotated = HeadSize(x, rank.Value, heads)!.Value;
        Value apart = rank == 3 ? b.Transpose(b.Reshape(x, 0, 0, heads, -1), 0, 2, 1, 3) : x;      // [N, heads, positions, size]
        Value y = Turned(b, apart, Angles(n, b, 1, rotated), Angles(n, b, 2, rotated), rotated, n.Attributes.Int("interleaved") != 0);
        n.ReplaceBy(rank == 3 ? b.Reshape(b.Transpose(y, 0, 2, 1, 3), 0, 0, -1) : y);
        return null;
    }

    private static long? HeadSize(Value x, int rank, long heads) => x.Shape?[rank - 1].Value is long size ? (rank == 3 ? size / heads : size) : null;

    /// <summary>Cosines or sines as [N, 1, positions, rotated / 2].</summary>
    private static Value Angles(Node n, GraphBuilder b, int input, long rotated)
    {
        Value table = n.Inputs[input]!;
        Value angles = n.Input(3) is { } positions ? b.Gather(table, positions) : table;
        return b.Unsqueeze(b.Slice(angles, 2, 0, rotated / 2), 1);
    }

    /// <summary>The first elements of each position turned by its angles, the others as they are.</summary>
    /// <param name="apart">[N, heads, positions, size].</param>
    /// <param name="cos">[N or 1, 1, positions, rotated / 2].</param>
    /// <param name="sin">As <paramref name="cos"/>.</param>
    /// <param name="interleaved">Whether neighbours are a pair, and not an element of the first half with one of the second.</param>
    public static Value Turned(GraphBuilder b, Value apart, Value cos, Value sin, long rotated, bool interleaved)
    {
        Value x = b.Slice(apart, 3, 0, rotated);
        Value first = interleaved ? b.Slice(x, 3, 0, long.MaxValue, 2) : b.Slice(x, 3, 0, rotated / 2);
        Value second = interleaved ? b.Slice(x, 3, 1, long.MaxValue, 2) : b.Slice(x, 3, rotated / 2, rotated);
        Value real = b.Sub(b.Mul(first, cos), b.Mul(second, sin)), imaginary = b.Add(b.Mul(first, sin), b.Mul(second, cos));
        Value turned = interleaved ? b.Reshape(b.Concat(4, b.Unsqueeze(real, 4), b.Unsqueeze(imaginary, 4)), 0, 0, 0, rotated) : b.Concat(3, real, imaginary);
        return b.Concat(3, turned, b.Slice(apart, 3, rotated, long.MaxValue));
    }
}
