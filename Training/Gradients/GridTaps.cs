using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The elements that a reading between elements takes along one spatial axis, K for each of P readings, and how they are weighted.</summary>
/// <param name="Indices">Places on the axis, int64 [N, K, P].</param>
/// <param name="Weights">[N, K, P].</param>
/// <param name="Slopes">Derivatives of the weights by the coordinate, [N, K, P]; null for nearest, where they are zero.</param>
internal sealed record GridTaps(Value Indices, Value Weights, Value? Slopes)
{
    /// <summary>The sharpness of the cubic kernel (Keys), which ONNX and PyTorch fix.</summary>
    private const float A = -0.75f;

    /// <summary>Weights of the elements from the one before the coordinate on, by powers of its fraction t.</summary>
    private static readonly float[,] Linear = { { 1, -1 }, { 0, 1 } };

    private static readonly float[,] Cubic = { { 0, A, -2 * A, A }, { 1, 0, -A - 3, A + 2 }, { 0, -A, (2 * A) + 3, -A - 2 }, { 0, 0, A, -A } };

    /// <summary>Appends the taps of one axis.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="mode">nearest, linear or cubic.</param>
    /// <param name="border">What lies outside.</param>
    /// <param name="coordinate">In elements of the axis, [N, P].</param>
    /// <param name="scale">Derivative of the coordinate by what the slopes are for; null for the coordinate itself.</param>
    /// <remarks>
    /// At kinks as PyTorch: linear taps clip or reflect the coordinate, and its gradient is zero on the border itself; cubic ones clip or reflect
    /// each place.
    /// </remarks>
    public static GridTaps Of(GraphBuilder op, string mode, GridBorder border, Value coordinate, Value? scale = null)
    {
        Value c = op.Unsqueeze(coordinate, 1);
        return mode switch
        {
            "nearest" => border.Taps(op.Op("Round", [c]), Ones(op, c), null),
            "cubic" => Interpolated(op, border, c, Cubic, 1, scale),
            _ => InterpolatedInside(op, border, c, scale),
        };
    }

    private static GridTaps InterpolatedInside(GraphBuilder op, GridBorder border, Value c, Value? scale)
    {
        (Value inside, Value? slope) = border.Inside(c);
        return Interpolated(op, border, inside, Linear, 0, slope is null ? scale : scale is null ? slope : op.Mul(slope, scale));
    }

    /// <summary>Weights are polynomials of the fraction t = c − ⌊c⌋.</summary>
    private static GridTaps Interpolated(GraphBuilder op, GridBorder border, Value c, float[,] polynomials, int before, Value? scale)
    {
        int count = polynomials.GetLength(0);
        Value floor = op.Floor(c), t = op.Sub(c, floor);
        List<Value> powers = [Ones(op, t), t];
        while (powers.Count < count)
            powers.Add(op.Mul(powers[^1], t));
        Value places = op.Add(floor, Column(op, c, [.. Enumerable.Range(-before, count).Select(i => (float)i)]));
        Value weights = op.MatMul(Matrix(op, c, polynomials, derivative: false), op.Concat(1, powers));
        Value slopes = op.MatMul(Matrix(op, c, polynomials, derivative: true), op.Concat(1, powers[..^1]));
        return border.Taps(places, weights, scale is null ? slopes : op.Mul(slopes, scale));
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
}
