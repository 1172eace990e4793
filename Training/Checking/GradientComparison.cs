using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>One run of <see cref="GradientCheck"/>.</summary>
internal sealed class GradientComparison
{
    /// <summary>The first step in float32, relative to the parameter: below it rounding soon outweighs what the loss changes.</summary>
    private const double SingleStep = 0.05;

    /// <summary>In float64, where smaller steps cross fewer kinks.</summary>
    private const double DoubleStep = 1e-5;

    /// <summary>Parts of the largest gradient below which another is rounding: biases in front of a normalization, for example.</summary>
    private const double Negligible = 1e-6;

    /// <summary>The uncertainty, in those numbers that are compared, above which nothing is said.</summary>
    private const double TooUncertain = 0.1;

    /// <summary>Parts of the largest change of the loss, over all parameters, below which it does not matter that a gradient is uncertain.</summary>
    private const double Ineffective = 1e-3;

    private readonly TrainingGraph _graph;
    private readonly LossFunction _loss;
    private readonly IReadOnlyDictionary<string, TensorData> _gradients;
    private readonly GradientCheckOptions _options;
    private readonly double _atZero;
    private readonly double _noise;
    private readonly double _largest;

    public GradientComparison(TrainingGraph graph, LossFunction loss, IReadOnlyDictionary<string, TensorData> gradients, GradientCheckOptions options)
    {
        (_graph, _loss, _gradients, _options) = (graph, loss, gradients, options);
        _largest = graph.Parameters.Max(p => NormOf(p));
        _atZero = Direction(graph.Parameters[0], 0, 0).LossAt(loss, 0);
        if (!double.IsFinite(_atZero) || !double.IsFinite(_largest))
            throw new TrainingException(double.IsFinite(_atZero) ? "A gradient is not finite, so it cannot be compared. Check the inputs and the weights."
                : $"The loss is {_atZero}, so its gradients cannot be checked. Check the inputs and the weights, and that the loss fits the model's output.");
        _noise = Noise();
    }

    public GradientCheckResult Run(CancellationToken cancellation)
    {
        List<ParameterCheck> checks = [];
        for (int i = 0; i < _graph.Parameters.Count; i++)
            checks.Add(Check(_graph.Parameters[i], i, cancellation));
        double effect = checks.Max(c => Math.Abs(c.Computed));
        return new GradientCheckResult(_atZero, _loss.Precision, _noise,
            [.. checks.Select(c => Decided(c, effect)).OrderByDescending(c => c.Verdict).ThenByDescending(c => c.Ratio)]);
    }

    private ParameterCheck Check(TrainedParameter parameter, int index, CancellationToken cancellation)
    {
        ParameterCheck? worst = null;
        for (int i = 0; i < _options.Directions; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ParameterCheck check = Check(parameter, Direction(parameter, index, i), cancellation);
            if (worst is null || check.Ratio > worst.Ratio)
                worst = check;
        }
        return worst!;
    }

    private ParameterCheck Check(TrainedParameter parameter, ParameterDirection direction, CancellationToken cancellation)
    {
        float[] gradient = _gradients[parameter.Name].ToFloats();
        double norm = NormOf(parameter), computed = direction.Along(gradient);
        double rounding = _options.Tolerance * Math.Max(Math.Abs(computed), norm * direction.Length / Math.Sqrt(gradient.Length)) + Negligible * _largest * direction.Length;
        double noise = Math.Sqrt(Math.Pow(_noise, 2) + Math.Pow(direction.Granularity(gradient), 2));
        Slope slope = SlopeAlong(direction, noise, rounding / 2, 1, cancellation);
        if (slope.DistanceTo(computed) > rounding + slope.Uncertainty)
            slope = Confirmed(slope, SlopeAlong(direction, noise, 0, 0.37, cancellation));      // other steps meet other kinks
        double error = slope.DistanceTo(computed), allowed = rounding + slope.Uncertainty;
        return new ParameterCheck(parameter.Name, error > allowed ? GradientVerdict.Wrong : GradientVerdict.Right, norm, computed, slope.Value, error, slope.Uncertainty, allowed, slope.IsKink);
    }

    private Slope SlopeAlong(ParameterDirection direction, double noise, double enough, double steps, CancellationToken cancellation) => Slope.Of(
        step =>
        {
            cancellation.ThrowIfCancellationRequested();
            return direction.LossAt(_loss, step);
        },
        _atZero, steps * (_loss.Precision == ElementType.Double ? DoubleStep : SingleStep), noise, enough);

    /// <summary>Two estimates that differ are as uncertain as they differ.</summary>
    private static Slope Confirmed(Slope first, Slope second)
    {
        Slope better = second.Uncertainty < first.Uncertainty ? second : first;
        return better with { Uncertainty = better.Uncertainty + Math.Abs(first.Value - second.Value) };
    }

    /// <summary>A gradient that nothing is said against is right where the differences could have said something.</summary>
    private static ParameterCheck Decided(ParameterCheck check, double largestEffect) =>
        check.Verdict == GradientVerdict.Right && !check.IsKink && check.Uncertainty > TooUncertain * Math.Max(Math.Max(Math.Abs(check.Computed), Math.Abs(check.Expected)), Ineffective * largestEffect)
            ? check with { Verdict = GradientVerdict.Undecided } : check;

    /// <summary>The loss's rounding errors, as they show in the first, the middle and the last parameter, at least those of writing the loss down.</summary>
    private double Noise()
    {
        int last = _graph.Parameters.Count - 1;
        double spacing = Math.Sqrt(_loss.Spacing) * (_loss.Precision == ElementType.Double ? 1e-3 : 1e-2);
        return new[] { 0, last / 2, last }.Distinct()
            .Select(i => RoundingNoise.Of(step => Direction(_graph.Parameters[i], i, -1).LossAt(_loss, step), spacing))
            .Append(_loss.Spacing / 4 * Math.Abs(_atZero)).Max();
    }

    private ParameterDirection Direction(TrainedParameter parameter, int index, int number) =>
        new(parameter, _gradients[parameter.Name].ToFloats(), _loss.Precision, new SeededRandom(_options.Seed, index * 101 + number + 1));

    private double NormOf(TrainedParameter parameter) => ParameterDirection.Norm(Array.ConvertAll(_gradients[parameter.Name].ToFloats(), g => (double)g));
}
