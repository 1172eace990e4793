namespace OnnxFineTune.Surgery;

/// <summary>How queries, keys and values of an <c>Attention</c> node are laid out: heads side by side [N, positions, heads·size], or apart [N, heads, positions, size].</summary>
internal sealed class AttentionForm
{
    private readonly Node _node;
    private readonly int? _rank;
    private readonly long?[] _heads;

    public AttentionForm(Node node)
    {
        _node = node;
        long queries = node.Attributes.Int("q_num_heads"), keys = node.Attributes.Int("kv_num_heads");
        _rank = node.Inputs[0]!.Shape?.Rank ?? (queries > 0 ? 3 : null);
        _heads = _rank == 3 ? [queries, keys, keys] : [.. node.Inputs.Take(3).Select(v => v!.Shape?[1].Value)];
    }

    /// <summary>Why the node cannot be written out, or null.</summary>
    public string? Obstacle =>
        _rank is null || Array.Exists(_heads, h => h is null or 0) ? "its number of heads is unknown"
        : _node.Input(6) is not null ? "its input nonpad_kv_seqlen has no counterpart"
        : _node.Output(3) is not null ? "its output qk_matmul_output is in use"
        : _node.Input(3) is { ElementType: ElementType.Undefined } ? "the element type of its mask is unknown"
        : _node.Input(3)?.Shape is { } mask && mask.Rank == 0 ? "its mask is a scalar"
        : null;

    /// <summary>Input <paramref name="index"/> with its heads apart.</summary>
    public Value Heads(GraphBuilder b, int index)
    {
        Value x = _node.Inputs[index]!;
        return _rank == 3 ? b.Transpose(b.Reshape(x, 0, 0, _heads[index]!.Value, -1), 0, 2, 1, 3) : x;
    }

    /// <summary>A head of keys or values for each head of the queries.</summary>
    public Value Shared(GraphBuilder b, Value heads)
    {
        (long queries, long keys) = (_heads[0]!.Value, _heads[1]!.Value);
        long[] owners = [.. Enumerable.Range(0, (int)queries).Select(h => h / (queries / keys))];
        return queries == keys ? heads : b.Gather(heads, b.Longs(owners), 1);
    }

    /// <summary>The attribute, or 1/√size of a head of the queries.</summary>
    public Value Scale(GraphBuilder b, Value queries)
    {
        if (_node.Attributes.Float("scale") is var scale and not 0)
            return b.ScalarLike(scale, queries);
        long? size = _node.Inputs[0]!.Shape?[-1].Value is long width ? (_rank == 3 ? width / _heads[0] : width) : null;
        return size is long known ? b.ScalarLike(1 / Math.Sqrt(known), queries)
            : b.Reciprocal(b.Sqrt(b.CastLike(b.Shape_(queries, 3), queries)));
    }

    /// <summary>The result in the layout of the queries.</summary>
    public Value Joined(GraphBuilder b, Value y) => _rank == 3 ? b.Reshape(b.Transpose(y, 0, 2, 1, 3), 0, 0, -1) : y;
}
