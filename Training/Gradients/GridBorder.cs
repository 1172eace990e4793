using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What lies beyond the border: zeros, the border itself, or the image turned round.</summary>
/// <param name="op">Builds the backward graph.</param>
/// <param name="mode">zeros, border or reflection.</param>
/// <param name="size">Size of the axis, a scalar.</param>
/// <param name="aligned">Whether the image ends at the centres of its outermost elements, rather than at their edges.</param>
internal sealed class GridBorder(GraphBuilder op, string mode, Value size, bool aligned)
{
    /// <summary>Size of the axis, a scalar.</summary>
    public Value Size { get; } = size;

    /// <summary>Last place on the axis, a scalar.</summary>
    public Value Last { get; } = op.Sub(size, op.One(size));

    /// <summary>The coordinate inside the image, and its derivative by the one given; zeros leave it as it is.</summary>
    public (Value Inside, Value? Slope) Inside(Value c)
    {
        if (mode == "zeros")
            return (c, null);
        (Value reflected, Value? slope) = mode == "reflection" ? Reflect(c) : (c, null);
        Value within = op.Mul(op.Step(reflected), op.Step(op.Sub(Last, reflected)));
        return (op.Clip(reflected, op.Zero(c), Last), slope is null ? within : op.Mul(slope, within));
    }

    /// <summary>Taps at places that may lie outside.</summary>
    public GridTaps Taps(Value places, Value weights, Value? slopes)
    {
        Value within = op.Clip(mode == "reflection" ? Reflect(places).Reflected : places, op.Zero(places), Last);
        Value indices = op.Cast(within, ElementType.Int64);
        if (mode != "zeros")
            return new GridTaps(indices, weights, slopes);
        Value exists = op.CastLike(op.Equal(within, places), weights);
        return new GridTaps(indices, op.Mul(weights, exists), slopes is null ? null : op.Mul(slopes, exists));
    }

    /// <summary>To and fro between the ends of the image: a triangle wave.</summary>
    private (Value Reflected, Value Slope) Reflect(Value c)
    {
        Value two = op.Scalar(2, c), first = aligned ? op.Zero(c) : op.Scalar(-0.5, c);
        Value span = aligned ? op.Max(Last, op.One(c)) : op.Add(Last, op.One(c));
        Value distance = op.Sub(c, first);
        Value phase = op.Op("Mod", [op.Abs(distance), op.Mul(span, two)], ("fmod", 1));
        Value beyond = op.Sub(phase, span);
        Value reflected = op.Add(op.Sub(span, op.Abs(beyond)), first);
        Value back = op.Sub(op.One(c), op.Mul(two, op.Step(beyond, atZero: 1)));
        Value turned = op.Sub(op.One(c), op.Mul(two, op.Step(op.Neg(distance))));
        return (reflected, op.Mul(back, turned));
    }
}
