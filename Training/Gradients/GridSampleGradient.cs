using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Gradients of GridSample: each element of Y is a sum of elements of X at K taps per axis, weighted by the product of the axes' weights. X gets
/// g times the weights at the taps; the grid gets g times what the taps read, times the derivative of the weights.
/// </summary>
internal sealed class GridSampleGradient
{
    private readonly GraphBuilder _op;
    private readonly ForwardNode _n;
    private readonly Value _g;
    private readonly int _axes;
    private readonly GridTaps[] _taps;
    private readonly Value _count;
    private readonly Value _places;

    private GridSampleGradient(GraphBuilder op, ForwardNode n, Value g)
    {
        (_op, _n, _axes) = (op, n, n.Rank - 2);
        _g = op.Reshape(g, 0, 0, 1, -1);
        Value grid = op.Reshape(op.CastLike(n.B, g), 0, -1, _axes);
        _count = op.Shape_(grid, 1, 2);
        // The last coordinate of the grid is that of the first spatial axis.
        _taps = [.. Enumerable.Range(0, _axes).Select(axis => GridTaps.Of(op, n, op.Gather(grid, op.Long(_axes - 1 - axis), axis: 2), op.NumberOf(n.X, axis + 2, g)))];
        _places = op.Reshape(Combined(t => t.Indices, Place), 0, 1, -1);
    }

    /// <summary>Appends dL/dX and dL/dgrid.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        GridSampleGradient gradient = new(op, n, g);
        return [n.Needs(0) ? gradient.OfInput() : null, n.Needs(1) && gradient._taps[0].Slopes is not null ? gradient.OfGrid() : null];
    }

    /// <summary>[N, C, …]: an element that is read several times gets the sum.</summary>
    private Value OfInput()
    {
        Value weights = _op.Reshape(Product(t => t.Weights), _op.Concat(0, _op.Longs(0, 1, -1), _count));
        Value updates = _op.Reshape(_op.Mul(_g, weights), 0, 0, -1);
        Value zeros = _op.ZerosLike(Flat(), _g);
        return _op.Reshape(_op.ScatterElements(zeros, _op.Expand(_places, _op.Shape_(updates)), updates, axis: 2, "add"), _op.ShapeOf(_n.X));
    }

    /// <summary>[N, …, axes].</summary>
    private Value OfGrid()
    {
        Value channels = _op.Concat(0, _op.Longs(1), _op.SizeOf(_n.X, 1), _op.Longs(1));
        Value read = _op.Reshape(_op.GatherElements(Flat(), _op.Expand(_places, channels), axis: 2), _op.Concat(0, _op.Longs(0, 0, -1), _count));
        Value influence = _op.ReduceSum(_op.Mul(read, _g), [1], keepDims: false);
        Value[] coordinates = [.. Enumerable.Range(0, _axes).Reverse().Select(axis => Coordinate(influence, axis))];
        return _op.Reshape(_op.CastLike(_op.Concat(2, coordinates), _n.B), _op.ShapeOf(_n.B));
    }

    /// <summary>dL/d(coordinate of one axis), [N, P, 1].</summary>
    private Value Coordinate(Value influence, int axis)
    {
        Value weights = _op.Reshape(Product(t => ReferenceEquals(t, _taps[axis]) ? t.Slopes! : t.Weights), _op.Concat(0, _op.Longs(0, -1), _count));
        return _op.Unsqueeze(_op.ReduceSum(_op.Mul(influence, weights), [1], keepDims: false), 2);
    }

    private Value Product(Func<GridTaps, Value> factor) => Combined(factor, (product, next, _) => _op.Mul(product, next));

    /// <summary>Combines [N, K, P] of each axis to [N, K, …, K, P], one K per axis.</summary>
    private Value Combined(Func<GridTaps, Value> part, Func<Value, Value, int, Value> combine)
    {
        Value result = Alone(part(_taps[0]), 0);
        for (int axis = 1; axis < _axes; axis++)
            result = combine(result, Alone(part(_taps[axis]), axis), axis);
        return result;
    }

    private Value Alone(Value taps, int axis)
    {
        long[] others = [.. Enumerable.Range(0, _axes).Where(i => i != axis).Select(i => (long)i + 1)];
        return others.Length == 0 ? taps : _op.Unsqueeze(taps, others);
    }

    /// <summary>Row-major place of a tap.</summary>
    private Value Place(Value places, Value next, int axis) => _op.Add(_op.Mul(places, _op.SizeOf(_n.X, axis + 2)), next);

    /// <summary>[N, C, elements].</summary>
    private Value Flat() => _op.Reshape(_n.X, 0, 0, -1);
}
