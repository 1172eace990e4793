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
    [DataRow("mobilenet_v2", "--keep-bn", "train")]
    [DataRow("squeezenet1_1")]
    public void GradientsAreThoseOfPyTorch(params string[] arguments)
    {
        if (TorchReference.Missing is { } reason)
        {
            Assert.Inconclusive(reason);
            return;
        }
        using TorchReference reference = TorchReference.Make([.. arguments, "--size", "64", "--batch", "2"]);
        ReferenceComparison comparison = ReferenceComparison.Run(reference);
        (string worst, double error) = comparison.Worst;
        Console.WriteLine($"{string.Join(' ', arguments)}: loss {comparison.Loss} ({reference.Loss}), {comparison.Errors.Count} gradients, median error {comparison.Median:0.0e0}, worst {error:0.0e0} ({worst})");
        Assert.AreEqual(reference.Loss, comparison.Loss, 1e-4 * Math.Abs(reference.Loss));
        Assert.IsLessThanOrEqualTo(LargestError, error, $"relative error of the gradient of {worst}");
        Assert.IsLessThanOrEqualTo(LargestMedian, comparison.Median, "median of the relative errors");
    }
}
