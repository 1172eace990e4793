namespace OnnxFineTune.Training.Tests;

/// <summary>Whole networks: loss and the gradient of every parameter as PyTorch computes them.</summary>
[TestClass]
public sealed class TorchReferenceTests
{
    private const double LargestError = 1e-3;
    private const double LargestMedian = 1e-5;

    [TestMethod]
    [DataRow("resnet18")]
    [DataRow("resnet18", "--keep-bn", "eval")]
    [DataRow("resnet18", "--keep-bn", "train")]
    [DataRow("mobilenet_v2")]
    [DataRow("mobilenet_v2", "--keep-bn", "eval")]
    [DataRow("squeezenet1_1")]
    [DataRow("shufflenet_v2_x1_0")]
    public void GradientsAreThoseOfPyTorch(params string[] arguments) => Compare(arguments, LargestMedian);

    /// <summary>
    /// With statistics of small batches this network amplifies rounding: PyTorch's own float32 gradients are 1.8e-5 (median) from its float64 ones
    /// here, 2e-5 to 1e-2 for other batches.
    /// </summary>
    [TestMethod]
    public void GradientsOfMobileNetWithBatchStatisticsAreThoseOfPyTorch() => Compare(["mobilenet_v2", "--keep-bn", "train", "--batch", "6"], 1e-4, roundingNoise: 1e-5);

    private static void Compare(string[] arguments, double largestMedian, double roundingNoise = 0)
    {
        if (TorchReference.Missing is { } reason)
        {
            Assert.Inconclusive(reason);
            return;
        }
        using TorchReference reference = TorchReference.Make(["--size", "64", "--batch", "2", .. arguments]);
        ReferenceComparison comparison = ReferenceComparison.Run(reference, roundingNoise);
        (string worst, double error) = comparison.Worst;
        Console.WriteLine($"{string.Join(' ', arguments)}: loss {comparison.Loss} ({reference.Loss}), {comparison.Errors.Count} gradients, median error {comparison.Median:0.0e0}, worst {error:0.0e0} ({worst})");
        Assert.AreEqual(reference.Loss, comparison.Loss, 1e-4 * Math.Abs(reference.Loss));
        Assert.IsLessThanOrEqualTo(LargestError, error, $"relative error of the gradient of {worst}");
        Assert.IsLessThanOrEqualTo(largestMedian, comparison.Median, "median of the relative errors");
    }
}
