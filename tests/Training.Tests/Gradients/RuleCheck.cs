using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Compares the gradients of a <see cref="GradientCase"/> with central differences of the operator, or with the row's own formula.</summary>
/// <remarks>
/// Differences are taken in float64 where the runtime has the operator in float64, and the gradient graph is then checked in float64 too;
/// elsewhere in float32, with a larger step and a tolerance to match.
/// </remarks>
internal sealed class RuleCheck
{
    private const int LargestElementwise = 64;
    private const int Directions = 8;
    private const double FloatDifferenceTolerance = 1e-3;

    private readonly GradientCase _case;
    private readonly Random _random;
    private readonly Dictionary<int, double[]> _inputs;
    private readonly Dictionary<int, double[]> _cotangents;
    private readonly Dictionary<int, double[]> _outputs;

    private RuleCheck(GradientCase c)
    {
        _case = c;
        _random = new Random(c.ToString().Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter)));
        _inputs = c.Trained.ToDictionary(i => i, i => c.Values.GetValueOrDefault(i) ?? Draw(Count(c.Shapes[i]!), c.Ranges.GetValueOrDefault(i, c.Range)));
        CaseModel forward = CaseModel.Forward(c, ElementType.Float);
        using InferenceSession session = Open(forward);
        _outputs = forward.Run(session, _inputs, new Dictionary<int, double[]>()).Values.Select((y, i) => (y, i))
            .ToDictionary(o => forward.OutputShapes.Keys.ElementAt(o.i), o => o.y);
        _cotangents = _outputs.ToDictionary(o => o.Key, o => c.UnitGradient ? [.. o.Value.Select(_ => 1.0)] : Draw(o.Value.Length, (-1, 1)));
    }

    /// <summary>Checks the gradients of all trained inputs.</summary>
    /// <param name="batch">Whether the size of the batch is unknown before the run.</param>
    public static void Run(GradientCase c, bool batch) => new RuleCheck(c).Compare(batch);

    /// <summary>Checks that the operator passes no gradient on.</summary>
    public static void RunWithoutGradient(GradientCase c) =>
        Assert.IsFalse(CaseModel.Backward(c, ElementType.Float, batch: false).HasGradients, $"{c} has a gradient.");

    private void Compare(bool batch)
    {
        using InferenceSession? precise = OpenDouble(() => CaseModel.Forward(_case, ElementType.Double), IsFloatOnly, out CaseModel? forward);
        CompareIn(ElementType.Float, batch, forward, precise);
        if (precise is null)
            return;
        using InferenceSession? gradients = OpenDouble(() => CaseModel.Backward(_case, ElementType.Double, batch), IsMissingKernel, out _);
        if (gradients is not null)
            CompareIn(ElementType.Double, batch, forward, precise);
    }

    private void CompareIn(ElementType type, bool batch, CaseModel? forward, InferenceSession? precise)
    {
        CaseModel backward = CaseModel.Backward(_case, type, batch);
        using InferenceSession session = Open(backward);
        Dictionary<string, double[]> results = backward.Run(session, _inputs, _cotangents);
        Dictionary<int, double[]> actual = _inputs.Keys.ToDictionary(i => i, i => results.GetValueOrDefault($"d{i}")
            ?? throw new AssertFailedException($"The gradient graph of {_case} gives no gradient for input {i}."));
        double tolerance = type == ElementType.Double ? _case.DoubleTolerance : _case.Tolerance;
        if (WriteOut.Known.Contains(_case.FullName))
            foreach ((int i, double[] y) in _outputs)
                AssertClose(y, results[$"y{i}"], _case.Tolerance, $"output {i} written out ({type})");
        if (_case.Formula is { } formula)
        {
            Dictionary<int, double[]> outputs = _cotangents.Keys.ToDictionary(i => i, i => results[$"y{i}"]);
            foreach ((int i, double[] expected) in formula(new GradientRun(_inputs, _cotangents, outputs)))
                AssertClose(expected, actual[i], tolerance, $"input {i} ({type})");
        }
        else if (forward is not null && precise is not null)
            CompareWithDifferences(actual, forward, precise, 1e-5, tolerance, type);
        else
        {
            CaseModel single = CaseModel.Forward(_case, ElementType.Float);
            using InferenceSession coarse = Open(single);
            CompareWithDifferences(actual, single, coarse, 1.0 / 128, Math.Max(FloatDifferenceTolerance, tolerance), type);
        }
    }

    private void CompareWithDifferences(Dictionary<int, double[]> actual, CaseModel forward, InferenceSession session, double step, double tolerance, ElementType type)
    {
        foreach ((int i, double[] gradient) in actual)
        {
            Assert.AreEqual(_inputs[i].Length, gradient.Length, $"The gradient of input {i} of {_case} has another size than the input.");
            List<double[]> directions = [.. Enumerable.Range(0, Directions).Select(_ => Draw(gradient.Length, (-1, 1)))];
            if (gradient.Length <= LargestElementwise)
                directions.AddRange(Enumerable.Range(0, gradient.Length).Select(e => Unit(gradient.Length, e)));
            double[] expected = [.. directions.Select(d => Difference(forward, session, i, d, step))];
            double[] along = [.. directions.Select(d => d.Zip(gradient, (a, b) => a * b).Sum())];
            AssertClose(expected, along, tolerance, $"input {i} ({type}, {Directions} random directions, then single elements)");
        }
    }

    /// <summary>(L(x + εd) − L(x − εd)) / 2ε with L summed in float64.</summary>
    private double Difference(CaseModel forward, InferenceSession session, int input, double[] direction, double step)
    {
        return (Loss(step) - Loss(-step)) / (2 * step);

        double Loss(double distance)
        {
            Dictionary<int, double[]> moved = new(_inputs) { [input] = [.. _inputs[input].Zip(direction, (x, d) => x + (distance * d))] };
            IEnumerable<double[]> outputs = forward.Run(session, moved, new Dictionary<int, double[]>()).Values;
            return outputs.Zip(_cotangents.Values, (y, c) => y.Zip(c, (a, b) => a * b).Sum()).Sum();
        }
    }

    private void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, $"{_case}, {what}: number of elements.");
        double scale = Math.Max(1e-3, expected.Select(Math.Abs).Where(double.IsFinite).Append(0).Max());
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * scale || expected[i].Equals(actual[i])))
                Assert.Fail($"{_case}, {what}: element {i} is {actual[i]:G9}, expected {expected[i]:G9}; allowed {tolerance * scale:G2}.\n" +
                    $"expected: {string.Join(" ", expected.Take(40).Select(v => v.ToString("G5")))}\nactual:   {string.Join(" ", actual.Take(40).Select(v => v.ToString("G5")))}");
    }

    /// <summary>One thread: the models are small, and sessions without a thread pool open far faster.</summary>
    private static InferenceSession Open(CaseModel model)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        return RuntimeSession.Open(model.Model, options);
    }

    private static InferenceSession? OpenDouble(Func<CaseModel> build, Func<GraphException, bool> isExpected, out CaseModel? model)
    {
        model = null;
        try
        {
            model = build();
            return Open(model);
        }
        catch (GraphException e) when (isExpected(e))
        {
            return null;
        }
    }

    /// <summary>Whether the standard, or the runtime, has the operator under test in float32 only.</summary>
    private static bool IsFloatOnly(GraphException e) => IsMissingKernel(e) || e.Message.Contains("Type Error", StringComparison.Ordinal);

    /// <summary>Whether the runtime has no float64 kernel of an operator, rather than refusing a graph that is wrong.</summary>
    private static bool IsMissingKernel(GraphException e) => e.Message.Contains("NotImplemented", StringComparison.OrdinalIgnoreCase);

    private double[] Draw(long count, (double Min, double Max) range)
    {
        double[] values = new double[count];
        for (long i = 0; i < count; i++)
            values[i] = (float)(range.Min + (_random.NextDouble() * (range.Max - range.Min)));
        return values;
    }

    private static double[] Unit(int length, int index)
    {
        double[] unit = new double[length];
        unit[index] = 1;
        return unit;
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);
}
