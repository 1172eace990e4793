using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Images of any number of spatial axes, read at P places between their elements: each reading is a sum of elements at K taps per axis, weighted by
/// the product of the axes' weights.
/// </summary>
internal sealed class SampledImage
{
    private readonly GraphBuilder _op;
    private readonly Value _image;
    private readonly GridTaps[] _taps;
    private readonly Value _count;
    private readonly Value _indices;

    /// <summary>Appends the indices of the taps.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="image">[N, C, elements].</param>
    /// <param name="sizes">Sizes of the spatial axes, int64 [1] each.</param>
    /// <param name="taps">What is read along each spatial axis.</param>
    public SampledImage(GraphBuilder op, Value image, Value[] sizes, GridTaps[] taps)
    {
        (_op, _image, _taps) = (op, image, taps);
        _count = op.Shape_(taps[0].Indices, 2, 3);
        _indices = op.Reshape(Combined(t => t.Indices, (index, next, axis) => op.Add(op.Mul(index, sizes[axis]), next)), 0, 1, -1);
    }

    /// <summary>The readings, [N, C, P].</summary>
    public Value Sample() => _op.ReduceSum(_op.Mul(Read(), Weights()), [2], keepDims: false);

    /// <summary>dL/d(image), [N, C, elements]: an element that is read several times gets the sum.</summary>
    /// <param name="g">dL/d(readings), [N, C, P].</param>
    public Value OfImage(Value g)
    {
        Value updates = _op.Reshape(_op.Mul(_op.Unsqueeze(g, 2), Weights()), 0, 0, -1);
        return _op.ScatterElements(_op.ZerosLike(_image, g), _op.Expand(_indices, _op.Shape_(updates)), updates, axis: 2, "add");
    }

    /// <summary>dL/d(coordinate) of each axis, [N, P].</summary>
    /// <param name="g">dL/d(readings), [N, C, P].</param>
    public Value[] OfCoordinates(Value g)
    {
        Value influence = _op.ReduceSum(_op.Mul(Read(), _op.Unsqueeze(g, 2)), [1], keepDims: false);       // [N, K, P], over all axes' taps
        return [.. _taps.Select(along => _op.ReduceSum(_op.Mul(influence, Slopes(along)), [1], keepDims: false))];
    }

    /// <summary>The elements at the taps, [N, C, K, P].</summary>
    private Value Read()
    {
        Value channels = _op.Concat(0, _op.Longs(1), _op.Shape_(_image, 1, 2), _op.Longs(1));
        return _op.Reshape(_op.GatherElements(_image, _op.Expand(_indices, channels), axis: 2), _op.Concat(0, _op.Longs(0, 0, -1), _count));
    }

    /// <summary>[N, 1, K, P].</summary>
    private Value Weights() => _op.Reshape(Combined(t => t.Weights, Product), _op.Concat(0, _op.Longs(0, 1, -1), _count));

    /// <summary>Derivatives of the weights by one axis' coordinate, [N, K, P].</summary>
    private Value Slopes(GridTaps along) =>
        _op.Reshape(Combined(t => ReferenceEquals(t, along) ? t.Slopes! : t.Weights, Product), _op.Concat(0, _op.Longs(0, -1), _count));

    private Value Product(Value a, Value b, int axis) => _op.Mul(a, b);

    /// <summary>Combines [N, K, P] of each axis to [N, K, …, K, P], one K per axis.</summary>
    private Value Combined(Func<GridTaps, Value> part, Func<Value, Value, int, Value> combine)
    {
        Value result = Alone(part(_taps[0]), 0);
        for (int axis = 1; axis < _taps.Length; axis++)
            result = combine(result, Alone(part(_taps[axis]), axis), axis);
        return result;
    }

    private Value Alone(Value taps, int axis)
    {
        long[] others = [.. Enumerable.Range(0, _taps.Length).Where(i => i != axis).Select(i => (long)i + 1)];
        return others.Length == 0 ? taps : _op.Unsqueeze(taps, others);
    }
}
