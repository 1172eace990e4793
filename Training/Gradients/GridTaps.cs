using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The elements that GridSample reads along one spatial axis, K for each of the P places of the grid, and how they are weighted.</summary>
/// <param name="Indices">Places on the axis, int64 [N, K, P].</param>
/// <param name="Weights">[N, K, P].</param>
/// <param name="Slopes">Derivatives of the weights by the coordinate of the grid, [N, K, P]; null for nearest, where they are zero.</param>
internal sealed record GridTaps(Value Indices, Value Weights, Value? Slopes)
{
    /// <summary>The sharpness of the cubic kernel (Keys), which ONNX and PyTorch fix.</summary>
    private const float A = -0.75f;

    /// <summary>Weights of the elements from the one before the coordinate on, by powers of its fraction t.</summary>
    private static readonly float[,] Linear = { { 1, -1 }, { 0, 1 } };

    private static readonly float[,] Cubic = { { 0, A, -2 * A, A }, { 1, 0, -A - 3, A + 2 }, { 0, -A, (2 * A) + 3, -A - 2 }, { 0, 0, A, -A } };

    /// <summary>Appends the taps of one axis.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="n">The GridSample.</param>
    /// <param name="grid">Coordinates on this axis between −1 and 1, [N, P].</param>
    /// <param name="size">Size of the axis, a scalar in the type of the grid.</param>
    /// <remarks>
    /// At kinks as PyTorch: linear taps clip or reflect the coordinate, and its gradient is zero on the border itself; cubic ones clip or reflect
    /// each place.
    /// </remarks>
    public static GridTaps Of(GraphBuilder op, ForwardNode n, Value grid, Value size)
    {
        bool aligned = n.Attributes.Int("align_corners") != 0;
        Value last = op.Sub(size, op.One(size)), half = op.Scalar(0.5, size);
        Value scale = op.Mul(half, aligned ? last : size);
        Value coordinate = op.Mul(op.Add(grid, op.One(grid)), scale);
        Border border = new(op, n.Attributes.String("padding_mode", "zeros"), last, aligned);
        Value c = op.Unsqueeze(aligned ? coordinate : op.Sub(coordinate, half), 1);
        return n.Attributes.String("mode", "linear") switch
        {
            "nearest" => border.Taps(op.Op("Round", [c]), Ones(op, c), null),
            "cubic" => Interpolated(op, border, c, Cubic, 1, scale),
            _ => InterpolatedInside(op, border, c, scale),
        };
    }

    private static GridTaps InterpolatedInside(GraphBuilder op, Border border, Value c, Value scale)
    {
        (Value inside, Value? slope) = border.Inside(c);
        return Interpolated(op, border, inside, Linear, 0, slope is null ? scale : op.Mul(slope, scale));
    }

    /// <summary>Weights are polynomials of the fraction t = c − ⌊c⌋.</summary>
    private static GridTaps Interpolated(GraphBuilder op, Border border, Value c, float[,] polynomials, int before, Value scale)
    {
        int count = polynomials.GetLength(0);
        Value floor = op.Floor(c), t = op.Sub(c, floor);
        List<Value> powers = [Ones(op, t), t];
        while (powers.Count < count)
            powers.Add(op.Mul(powers[^1], t));
        Value places = op.Add(floor, Column(op, c, [.. Enumerable.Range(-before, count).Select(i => (float)i)]));
        Value weights = op.MatMul(Matrix(op, c, polynomials, derivative: false), op.Concat(1, powers));
        Value slopes = op.MatMul(Matrix(op, c, polynomials, derivative: true), op.Concat(1, powers[..^1]));
        return border.Taps(places, weights, op.Mul(slopes, scale));
    }

    /// <summary>c⁰, also where c is 0.</summary>
    private static Value Ones(GraphBuilder op, Value c) => op.Pow(c, op.Zero(c));

    private static Value Column(GraphBuilder op, Value like, float[] elements) => op.CastLike(op.Constant(TensorData.FromFloats(elements, elements.Length, 1)), like);

    private static Value Matrix(GraphBuilder op, Value like, float[,] polynomials, bool derivative)
    {
        int count = polynomials.GetLength(0), first = derivative ? 1 : 0;
        float[] elements = [.. from row in Enumerable.Range(0, count) from power in Enumerable.Range(first, count - first)
            select derivative ? power * polynomials[row, power] : polynomials[row, power]];
        return op.CastLike(op.Constant(TensorData.FromFloats(elements, count, count - first)), like);
    }

    /// <summary>What lies beyond the border: zeros, the border itself, or the image turned round.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="mode">zeros, border or reflection.</param>
    /// <param name="last">Last place on the axis.</param>
    /// <param name="aligned">Whether the image ends at the centres of its outermost elements, rather than at their edges.</param>
    private sealed class Border(GraphBuilder op, string mode, Value last, bool aligned)
    {
        /// <summary>The coordinate inside the image, and its derivative by the one given; zeros leave it as it is.</summary>
        public (Value Inside, Value? Slope) Inside(Value c)
        {
            if (mode == "zeros")
                return (c, null);
            (Value reflected, Value? slope) = mode == "reflection" ? Reflect(c) : (c, null);
            Value within = op.Mul(op.Step(reflected), op.Step(op.Sub(last, reflected)));
            return (op.Clip(reflected, op.Zero(c), last), slope is null ? within : op.Mul(slope, within));
        }

        /// <summary>Taps at places that may lie outside.</summary>
        public GridTaps Taps(Value places, Value weights, Value? slopes)
        {
            Value within = op.Clip(mode == "reflection" ? Reflect(places).Reflected : places, op.Zero(places), last);
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
            Value span = aligned ? op.Max(last, op.One(c)) : op.Add(last, op.One(c));
            Value distance = op.Sub(c, first);
            Value phase = op.Op("Mod", [op.Abs(distance), op.Mul(span, two)], ("fmod", 1));
            Value beyond = op.Sub(phase, span);
            Value reflected = op.Add(op.Sub(span, op.Abs(beyond)), first);
            Value back = op.Sub(op.One(c), op.Mul(two, op.Step(beyond, atZero: 1)));
            Value turned = op.Sub(op.One(c), op.Mul(two, op.Step(op.Neg(distance))));
            return (reflected, op.Mul(back, turned));
        }
    }
}
