using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Gradients of DeformConv: a convolution whose kernel reads the image at places moved by offsets and weighs them by a mask. Images are taken apart
/// into their offset groups, so that each reads at places of its own.
/// </summary>
internal sealed class DeformConvGradient
{
    private readonly GraphBuilder _op;
    private readonly ForwardNode _n;
    private readonly Value _g;
    private readonly WindowGeometry _window;
    private readonly long _group;
    private readonly Value _channels;
    private readonly SampledImage _image;
    private readonly Value _samples;
    private readonly Value? _mask;

    private DeformConvGradient(GraphBuilder op, ForwardNode n, Value g)
    {
        (_op, _n, _g) = (op, n, g);
        _group = n.Attributes.Int("group", 1);
        Shape weight = n.B.Shape is { IsStatic: true } shape ? shape : throw new GraphException(
            $"The gradient of {n.Node} needs a weight of static shape, but '{n.B.Name}' has the shape " +
            $"{n.B.Shape?.ToString() ?? "of unknown rank"}. Freeze the layers up to it.");
        _window = WindowGeometry.Of(n, weight.ToArray()[2..]);
        if (_window.Axes != 2)
            throw new GraphException($"The gradient of {n.Node} is known for images of two spatial axes, but it has {_window.Axes}. " +
                $"Freeze everything before '{n.Y.Name}' or cut there.");
        _channels = op.Longs(weight[1].Value!.Value * _group / n.Attributes.Int("offset_group", 1));
        Value flat = op.Reshape(n.X, op.Concat(0, op.Longs(-1), _channels, op.Mul(op.SizeOf(n.X, 2), op.SizeOf(n.X, 3))));
        _image = new SampledImage(op, flat, [op.SizeOf(n.X, 2), op.SizeOf(n.X, 3)], [Taps(0), Taps(1)]);
        _samples = _image.Sample();
        _mask = n.Input(4) is { } mask ? op.Reshape(mask, op.Concat(0, op.Longs(-1, 1), Positions())) : null;
    }

    /// <summary>Appends dL/dX, dL/dW, dL/doffset, dL/dB and dL/dmask.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        Value? bias = n.Needs(3) ? op.ReduceSum(g, [0, 2, 3], keepDims: false) : null;
        if (!n.Needs(0) && !n.Needs(1) && !n.Needs(2) && !n.Needs(4))
            return [null, null, null, bias];
        DeformConvGradient gradient = new(op, n, g);
        Value? columns = n.Needs(0) || n.Needs(2) || n.Needs(4) ? gradient.OfColumns() : null;
        Value? readings = columns is null || gradient._mask is null ? columns : op.Mul(columns, gradient._mask);
        return
        [
            n.Needs(0) ? op.Reshape(gradient._image.OfImage(readings!), op.ShapeOf(n.X)) : null,
            n.Needs(1) ? gradient.OfWeight() : null,
            n.Needs(2) ? gradient.OfOffset(readings!) : null,
            bias,
            n.Needs(4) ? op.Reshape(op.ReduceSum(op.Mul(columns!, gradient._samples), [1], keepDims: false), op.ShapeOf(n.Input(4)!)) : null,
        ];
    }

    /// <summary>Where the kernel reads along one axis: offset + stride·position of the output + dilation·place in the kernel − padding.</summary>
    private GridTaps Taps(int axis)
    {
        Value sizes = _op.Concat(0, _op.Longs(-1, _window.KernelSize, 2), _op.SizeOf(_n.Y, 2), _op.SizeOf(_n.Y, 3));
        Value offsets = _op.Gather(_op.Reshape(_op.CastLike(_n.Input(2)!, _g), sizes), _op.Long(axis), axis: 2);                  // [N·G, K, H, W]
        float[] places = [.. _window.Offsets().Select(o => (float)(o[axis] - _window.Begins[axis]))];
        Value output = _op.NumberOf(_n.Y, axis + 2, offsets), one = _op.One(offsets);
        Value steps = _op.Mul(_op.Range(_op.Zero(one), output, one), _op.Scalar(_window.Strides[axis], one));
        Value grid = _op.Add(_op.CastLike(_op.Constant(TensorData.FromFloats(places, places.Length, 1, 1)), one), axis == 0 ? _op.Unsqueeze(steps, 1) : steps);
        GridBorder zeros = new(_op, "zeros", _op.NumberOf(_n.X, axis + 2, offsets), aligned: true);
        return GridTaps.Of(_op, "linear", zeros, _op.Reshape(_op.Add(offsets, grid), _op.Concat(0, _op.Longs(-1), Positions())));
    }

    /// <summary>Places in the kernel times positions of the output, int64 [1].</summary>
    private Value Positions() => _op.Mul(_op.Longs(_window.KernelSize), _op.Mul(_op.SizeOf(_n.Y, 2), _op.SizeOf(_n.Y, 3)));

    /// <summary>g by group: [N, group, M/group, H·W].</summary>
    private Value ByGroup() => _op.Reshape(_g, _op.Concat(0,
        _op.Longs(0, _group, _n.B.Shape![0].Value!.Value / _group), _op.Mul(_op.SizeOf(_n.Y, 2), _op.SizeOf(_n.Y, 3))));

    /// <summary>dL/d(what the kernel multiplies), in offset groups: [N·G, C/G, K·H·W].</summary>
    private Value OfColumns()
    {
        Value weight = _op.Reshape(_n.B, _group, _n.B.Shape![0].Value!.Value / _group, -1);
        Value columns = _op.MatMul(_op.Transpose(weight, 0, 2, 1), ByGroup());
        return _op.Reshape(columns, _op.Concat(0, _op.Longs(-1), _channels, Positions()));
    }

    private Value OfWeight()
    {
        Value columns = _mask is null ? _samples : _op.Mul(_samples, _mask);
        Value byGroup = _op.Reshape(columns, _op.Concat(0, _op.SizeOf(_n.X, 0), _op.Longs(_group, _n.B.Shape![1].Value!.Value * _window.KernelSize, -1)));
        Value products = _op.MatMul(ByGroup(), _op.Transpose(byGroup, 0, 1, 3, 2));
        return _op.Reshape(_op.ReduceSum(products, [0], keepDims: false), _op.ShapeOf(_n.B));
    }

    private Value OfOffset(Value readings)
    {
        Value sizes = _op.Concat(0, _op.Longs(-1, _window.KernelSize, 1), _op.SizeOf(_n.Y, 2), _op.SizeOf(_n.Y, 3));
        Value[] axes = [.. _image.OfCoordinates(readings).Select(c => _op.Reshape(c, sizes))];
        return _op.Reshape(_op.Concat(2, axes), _op.ShapeOf(_n.Input(2)!));
    }
}
