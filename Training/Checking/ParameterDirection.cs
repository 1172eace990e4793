using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A parameter and a direction in which it is moved. The direction is as long as the parameter, so that steps are relative.</summary>
internal sealed class ParameterDirection
{
    /// <summary>Parameters that are zero move as if their elements were of this size.</summary>
    private const double SmallestElement = 0.05;

    /// <summary>Standard deviation of the rounding of a float32 number, relative to the number: 2⁻²³/√12.</summary>
    private const double RelativeRounding = 3.4e-8;

    private readonly string _name;
    private readonly long[] _shape;
    private readonly float[] _start;
    private readonly double[] _direction;
    private readonly bool _isSingle;

    /// <summary>
    /// A direction half at random and half along the gradient, each element of which counts between half and one and a half times: an error shows in it whether it lies where the gradient
    /// is or elsewhere, and the loss changes by more than rounding does, which it hardly would at random where there are millions of elements.
    /// </summary>
    public ParameterDirection(TrainedParameter parameter, float[] gradient, ElementType precision, SeededRandom random)
    {
        (_name, _shape, _start) = (parameter.Name, parameter.Initial.Shape.ToArray(), parameter.Initial.ToFloats());
        _isSingle = precision == ElementType.Float;
        double[] noise = [.. gradient.Select(_ => random.NextDouble() * 2 - 1)], along = [.. gradient.Select(g => g * (0.5 + random.NextDouble()))];
        double noiseNorm = Norm(noise), alongNorm = Norm(along);
        _direction = [.. noise.Zip(along, (n, a) => n / noiseNorm + (alongNorm > 0 ? a / alongNorm : 0))];
        double length = Math.Max(Norm([.. _start.Select(v => (double)v)]), SmallestElement * Math.Sqrt(_start.Length)) / Norm(_direction);
        for (int i = 0; i < _direction.Length; i++)
            _direction[i] *= length;
    }

    /// <summary>Length of the direction.</summary>
    public double Length => Norm(_direction);

    /// <summary>The loss where the parameter is moved by <paramref name="step"/> times the direction.</summary>
    public double LossAt(LossFunction loss, double step)
    {
        double[] moved = new double[_start.Length];
        for (int i = 0; i < moved.Length; i++)
            moved[i] = _isSingle ? (float)(_start[i] + step * _direction[i]) : _start[i] + step * _direction[i];
        return loss.At(_name, _shape, moved);
    }

    /// <summary>A gradient along the direction.</summary>
    public double Along(float[] gradient) => gradient.Zip(_direction, (g, d) => g * d).Sum();

    /// <summary>What the rounding of the moved parameter does to the loss, one standard deviation; 0 in float64.</summary>
    public double Granularity(float[] gradient) => _isSingle ? RelativeRounding * Norm([.. gradient.Zip(_start, (g, v) => (double)g * v)]) : 0;

    /// <summary>√Σv².</summary>
    public static double Norm(ReadOnlySpan<double> values)
    {
        double squares = 0;
        foreach (double value in values)
            squares += value * value;
        return Math.Sqrt(squares);
    }
}
