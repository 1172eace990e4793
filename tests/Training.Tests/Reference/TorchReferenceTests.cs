namespace OnnxFineTune.Training.Tests;

/// <summary>Whole networks: loss and the gradient of every parameter as PyTorch computes them.</summary>
[TestClass]
public sealed class TorchReferenceTests
{
    private const double LargestError = 1e-3;
    private const double LargestMedian = 1e-5;
    private const int Evaluations = 16;
    private const double LargestRatio = 3;
    private const double Negligible = 1e-7;

    [TestMethod]
    [DataRow("resnet18")]
    [DataRow("resnet18", "--keep-bn", "eval")]
    [DataRow("mobilenet_v2")]
    [DataRow("mobilenet_v2", "--keep-bn", "eval")]
    [DataRow("squeezenet1_1")]
    [DataRow("shufflenet_v2_x1_0")]
    public void GradientsAreThoseOfPyTorch(params string[] arguments)
    {
        using TorchReference reference = Make(arguments);
        ReferenceRun run = ReferenceRun.Of(reference);
        ReferenceComparison comparison = ReferenceComparison.Of(run, reference);
        (string worst, double error) = comparison.Worst;
        Console.WriteLine($"{string.Join(' ', arguments)}: loss {run.Loss} ({reference.Loss}), {comparison.Errors.Count} gradients, median error {comparison.Median:0.0e0}, worst {error:0.0e0} ({worst})");
        Assert.AreEqual(reference.Loss, run.Loss, 1e-4 * Math.Abs(reference.Loss));
        Assert.IsLessThanOrEqualTo(LargestError, error, $"relative error of the gradient of {worst}");
        Assert.IsLessThanOrEqualTo(LargestMedian, comparison.Median, "median of the relative errors");
    }

    /// <summary>
    /// Networks in which float32 rounding decides which way a ReLU or a MaxPool goes, so that PyTorch's float32 gradients are no reference: up to 5 % of the
    /// largest gradient from its float64 ones with batch statistics, 4 % of conv1's in GoogLeNet. Each of our gradients may be as far from float64 as
    /// rounding takes PyTorch's, with a margin; differences below 1e-7 of the largest gradient do not count.
    /// </summary>
    [TestMethod]
    [DataRow("resnet18", "--keep-bn", "train")]
    [DataRow("mobilenet_v2", "--keep-bn", "train")]
    [DataRow("mobilenet_v3_large")]
    [DataRow("googlenet")]
    public void GradientsAreAsCloseToFloat64AsThoseOfPyTorch(params string[] arguments)
    {
        using TorchReference reference = Make(arguments);
        ReferenceRun run = ReferenceRun.Of(reference, arguments.Contains("train") ? BatchNormalizationMode.Batch : BatchNormalizationMode.Frozen);
        RoundingReference rounding = reference.MeasureRounding(Evaluations);
        Assert.AreEqual(reference.Loss, run.Loss, 1e-4 * Math.Abs(reference.Loss));
        double negligible = Negligible * rounding.Largest;
        (string worst, double ratio) = rounding.Exact
            .Select(e => (e.Key, Ratio: ReferenceComparison.Distance(run.Gradients[e.Key], e.Value) / (rounding.Rounding[e.Key] + negligible)))
            .MaxBy(r => r.Ratio);
        Console.WriteLine($"{string.Join(' ', arguments)}: {rounding.Exact.Count} gradients, largest error {ratio:0.00} of PyTorch's ({worst})");
        Assert.IsLessThanOrEqualTo(LargestRatio, ratio, $"error of the gradient of {worst}, in those of PyTorch");
    }

    private static TorchReference Make(string[] arguments) => TorchReference.Make(["--size", "64", "--batch", "2", .. arguments]);
}
