using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Output and gradients of every differentiable operator as PyTorch computes them, at random points, kinks and special values: the rows that <c>make_operator_fixtures.py</c> writes.</summary>
[TestClass]
public sealed class OperatorFixtureTests
{
    /// <summary>Operators that PyTorch has no counterpart for, by the reason.</summary>
    private static readonly Dictionary<string, string[]> WithoutCounterpart = new()
    {
        ["in PyTorch a statement of Python; RecurrentReferenceTests compares the forms that its exporter writes"] = ["If", "Loop", "Scan"],
        ["in PyTorch a list or an optional of Python"] =
        [
            "ConcatFromSequence", "OptionalGetElement", "SequenceAt", "SequenceLength", "SequenceMap", "SplitToSequence",
        ],
        ["in PyTorch without a gradient: integers, or a scale that follows the data; the straight-through gradients are those of QuantizeLinear and DequantizeLinear, which have rows"] =
        [
            "ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul",
            .. new[]
            {
                "DequantizeLinear", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits", "NhwcMaxPool", "QGemm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearConv", "QLinearGlobalAveragePool",
                "QLinearLeakyRelu", "QLinearMul", "QLinearSigmoid", "QLinearSoftmax", "QLinearWhere", "QuantizeLinear",
            }.Select(o => $"com.microsoft.{o}"),
        ],
    };

    public static IEnumerable<object[]> Rows => OperatorFixture.All.Select(f => new object[] { f.Case.ToString() });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void OutputAndGradientsAreThoseOfPyTorch(string row)
    {
        OperatorFixture fixture = OperatorFixture.All.Single(f => f.Case.ToString() == row);
        CaseModel backward = CaseModel.Backward(fixture.Case, ElementType.Float, batch: false);
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using InferenceSession session = RuntimeSession.Open(backward.Model, options);
        Dictionary<string, double[]> results = backward.Run(session, fixture.Case.Values, fixture.Cotangents);
        foreach ((int i, double[] y) in fixture.Outputs)
            AssertClose(y, results[$"y{i}"], fixture.Case.Tolerance, $"output {i}");
        foreach ((int i, double[]? expected) in fixture.Gradients)
            if (results.TryGetValue($"d{i}", out double[]? gradient))
                AssertClose(expected ?? new double[gradient.Length], gradient, fixture.Case.Tolerance, $"gradient of input {i}");
            else
                Assert.IsTrue(expected is null || expected.All(v => v == 0), $"Input {i} has no gradient, but in PyTorch {string.Join(" ", expected ?? [])}.");
    }

    [TestMethod]
    public void EveryOperatorHasARow()
    {
        IEnumerable<string> differentiable = GradientRules.All.Where(r => r.Value != GradientRule.None).Select(r => r.Key).Concat(WriteOut.Known);
        string[] covered = [.. OperatorFixture.All.SelectMany(f => f.Operators).Concat(WithoutCounterpart.Values.SelectMany(o => o)).Distinct()];
        Assert.AreEqual("", string.Join(", ", differentiable.Except(covered).Order(StringComparer.Ordinal)), "Differentiable operators without a row in operators.json, nor a reason to have none.");
        Assert.AreEqual("", string.Join(", ", WithoutCounterpart.Values.SelectMany(o => o).Except(differentiable)), "Names of no differentiable operators.");
    }

    /// <summary>Elements above 1 count relative to themselves, those below relative to 1 or the largest element, whichever is less; infinities and NaN must be where they are in PyTorch.</summary>
    private static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.HasCount(expected.Length, actual, $"{what}: number of elements");
        double floor = Math.Min(1, expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (int i = 0; i < expected.Length; i++)
            if (!expected[i].Equals(actual[i]) && !(double.IsFinite(expected[i]) && Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(Math.Abs(expected[i]), floor)))
                Assert.Fail($"{what}: element {i} is {actual[i]:G9}, in PyTorch {expected[i]:G9}.\nPyTorch: {Text(expected)}\nours:    {Text(actual)}");
    }

    private static string Text(double[] values) => string.Join(" ", values.Take(40).Select(v => v.ToString("G6")));
}
