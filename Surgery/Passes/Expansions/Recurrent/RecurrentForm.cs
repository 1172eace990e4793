namespace OnnxFineTune.Surgery;

/// <summary>
/// How a recurrent node lays its tensors out. Inputs: X, W, R, B, sequence_lens, initial_h and, of an LSTM, initial_c and P; with <c>layout</c> 1 the batch is the first
/// dimension, else the steps are.
/// </summary>
internal sealed class RecurrentForm
{
    private readonly Node _node;
    private readonly GraphBuilder _b;
    private readonly bool _batchFirst;
    private readonly string _direction;

    public RecurrentForm(Node node, GraphBuilder b)
    {
        (_node, _b) = (node, b);
        _batchFirst = node.Attributes.Int("layout") != 0;
        _direction = node.Attributes.String("direction", "forward");
    }

    /// <summary>1 or 2.</summary>
    public int Directions => _direction == "bidirectional" ? 2 : 1;

    /// <summary>Size of the state.</summary>
    public long Hidden => _node.Attributes["hidden_size"]?.Content as long? ?? _node.Inputs[2]!.Shape?[-1].Value ?? 0;

    /// <summary>Number of steps.</summary>
    public long Length => Steps(_node.Inputs[0]!)!.Value;

    /// <summary>Why the node cannot be unrolled, or null.</summary>
    public string? Obstacle
    {
        get
        {
            Value x = _node.Inputs[0]!;
            if (Hidden == 0)
                return "its hidden_size is unknown";
            return Steps(x) is > 0 ? null : $"for that the length of its sequence, axis {(_batchFirst ? 1 : 0)} of '{x.Name}' {x.Shape?.ToString() ?? "of unknown shape"}, must be known: "
                + "give the dimension of the model's input that it comes from a fixed size";
        }
    }

    /// <summary>Whether direction <paramref name="index"/> begins at the end.</summary>
    public bool IsReverse(int index) => index == 1 || _direction == "reverse";

    /// <summary>X as [steps, batch, input].</summary>
    public Value Steps() => _batchFirst ? _b.Transpose(_node.Inputs[0]!, 1, 0, 2) : _node.Inputs[0]!;

    /// <summary>The weights of each direction.</summary>
    public RecurrentWeights[] Weights()
    {
        Value[] w = Apart(1)!, r = Apart(2)!;
        Value[]? bias = Apart(3), peepholes = Apart(7);
        long gates = Hidden * (_node.OpType switch { "LSTM" => 4, "GRU" => 3, _ => 1 });
        IReadOnlyList<Value>[]? biases = bias is null ? null : Array.ConvertAll(bias, v => _b.Split(v, 0, gates, gates));
        return [.. Enumerable.Range(0, Directions).Select(i => new RecurrentWeights(w[i], r[i], biases?[i][0], biases?[i][1], peepholes?[i]))];
    }

    /// <summary>The states before the first step: zero, where the node has none, and written so where there is but one step, so that the recurrent weights stay in the graph.</summary>
    public RecurrentState[] InitialStates(Value x)
    {
        Value? zero = Length > 1 ? null : _b.ConstantOfShape(_b.Concat(0, _b.Shape_(x, 1, 2), _b.Longs(Hidden)), Zero(x.ElementType));
        Value[]? h = Apart(5, _batchFirst ? 1 : 0), c = Apart(6, _batchFirst ? 1 : 0);
        return [.. Enumerable.Range(0, Directions).Select(i => new RecurrentState(h?[i] ?? zero, c?[i] ?? zero))];
    }

    /// <summary>Whether step <paramref name="t"/> lies inside each sequence, [batch, 1]; null where all sequences are of full length.</summary>
    public Value? Inside(int t)
    {
        if (_node.Input(4) is not { } lengths || lengths.ConstantContent() is { } known && known.ToFloats().All(l => l >= Length))
            return null;
        return _b.Greater(_b.Unsqueeze(_b.Cast(lengths, ElementType.Int64), 1), _b.Long(t));
    }

    /// <summary>Output Y from the outputs of the steps of each direction.</summary>
    public Value Sequence(Value[][] steps)
    {
        Value[] directions = [.. steps.Select(s => _b.Unsqueeze(_b.Concat(0, [.. s.Select(h => _b.Unsqueeze(h, 0))]), 1))];
        Value y = _b.Concat(1, directions);      // [steps, directions, batch, hidden]
        return _batchFirst ? _b.Transpose(y, 2, 0, 1, 3) : y;
    }

    /// <summary>Output Y_h or Y_c from the last state of each direction.</summary>
    public Value Last(Value[] states) => _b.Concat(_batchFirst ? 1 : 0, [.. states.Select(s => _b.Unsqueeze(s, _batchFirst ? 1 : 0))]);

    private long? Steps(Value x) => x.Shape is { Rank: 3 } shape ? shape[_batchFirst ? 1 : 0].Value : null;

    private static TensorData Zero(ElementType type) => TensorData.FromBytes(type, Shape.Of(1), new byte[type.BitWidth() / 8]);

    /// <summary>An input by direction, which is one of its axes; null where it is left out.</summary>
    private Value[]? Apart(int input, int axis = 0)
    {
        if (_node.Input(input) is not { } value)
            return null;
        IReadOnlyList<Value> parts = Directions == 1 ? [value] : _b.Split(value, axis, 1, 1);
        return [.. parts.Select(p => _b.Squeeze(p, axis))];
    }
}
