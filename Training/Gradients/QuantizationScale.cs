using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>How scale and zero point of QuantizeLinear and DequantizeLinear lie against the data: one for all, one by index along an axis, or one by block.</summary>
internal sealed class QuantizationScale
{
    private readonly GraphBuilder _op;
    private readonly ForwardNode _n;
    private readonly int _axis;
    private readonly long _block;
    private readonly bool _isSingle;

    public QuantizationScale(GraphBuilder op, ForwardNode n)
    {
        (_op, _n, _block) = (op, n, n.Attributes.Int("block_size"));
        long axis = n.Attributes.Int("axis", 1);
        _axis = (int)(axis < 0 ? axis + n.Rank : axis);
        _isSingle = n.RankOf(n.B) == 0 || n.B.Shape!.ElementCount == 1;
    }

    /// <summary>The scale, laid out to broadcast against the data.</summary>
    public Value Repeated => Laid(_n.B);

    /// <summary>A value of the scale's shape, laid out to broadcast against the data.</summary>
    public Value Laid(Value value)
    {
        if (_isSingle)
            return value;
        if (_block == 0)
            return _op.Reshape(value, [.. Enumerable.Range(0, _n.Rank).Select(i => i == _axis ? -1L : 1)]);
        Value blocks = _op.Expand(_op.Unsqueeze(value, _axis + 1), _op.Longs([.. Enumerable.Range(0, _n.Rank + 1).Select(i => i == _axis + 1 ? _block : 1)]));
        Value repeated = _op.Reshape(blocks, _op.Concat(0, [.. Enumerable.Range(0, _n.Rank).Select(i => i == _axis ? _op.Longs(-1) : _op.SizeOf(_n.B, i))]));
        return _op.Slice(repeated, _op.Longs(0), _op.SizeOf(_n.X, _axis), _op.Longs(_axis));
    }

    /// <summary>The quantized data less their zero point, in the type of <paramref name="like"/>.</summary>
    public Value Steps(Value like)
    {
        Value ones = _op.ConstantOfShape(_op.ShapeOf(_n.B), TensorData.FromFloats([1f], 1));
        Value steps = _op.Op("DequantizeLinear", [_n.X, ones, _n.Input(2)],
            ("axis", _isSingle ? null : (long)_axis), ("block_size", _block == 0 ? null : _block));
        steps.ElementType = ElementType.Float;
        return _op.CastLike(steps, like);
    }

    /// <summary>Sums over all data that share a scale, in the scale's shape.</summary>
    public Value Sum(Value value)
    {
        if (_isSingle)
            return _op.Reshape(_op.ReduceSum(value, [], keepDims: false), _op.ShapeOf(_n.B));
        if (_block == 0)
            return _op.ReduceSum(value, [.. Enumerable.Range(0, _n.Rank).Where(i => i != _axis).Select(i => (long)i)], keepDims: false);
        if (_n.X.Shape![_axis].Value is not long size || _n.B.Shape![_axis].Value is not long count)
            throw new GraphException($"The gradient of the scale of {_n.Node} needs a fixed size of axis {_axis}. Leave '{_n.B.Name}' out of what is trained.");
        Value whole = size == count * _block ? value : _op.PadAxis(value, _n.Rank, _axis, 0, (count * _block) - size);
        IEnumerable<Value> blocks = Enumerable.Range(0, _n.Rank).Select(i => i == _axis ? _op.Longs(count, _block) : _op.SizeOf(_n.X, i));
        return _op.ReduceSum(_op.Reshape(whole, _op.Concat(0, [.. blocks])), [_axis + 1], keepDims: false);
    }
}
