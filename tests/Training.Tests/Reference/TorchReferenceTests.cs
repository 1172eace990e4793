namespace OnnxFineTune.Training.Tests;

/// <summary>Whole networks: loss and the gradient of every parameter as PyTorch computes them.</summary>
[TestClass]
public sealed class TorchReferenceTests
{
    private const double LargestError = 1e-3;
    private const double LargestMedian = 1e-5;
    private const double LargestLossError = 1e-4;
    private const double LargestExactError = 5e-6;
    private const double LargestRoundedLossError = 1e-3;
    private const int Evaluations = 16;
    private const double LargestRatio = 3;
    private const double Negligible = 1e-7;

    public static IEnumerable<object[]> Rows => TorchvisionNetworks.Rows.Select(r => new object[] { r });

    /// <summary>
    /// In float32, or, where rounding decides which way a ReLU or a MaxPool goes, in float64: there our graph, run with PyTorch's kernels, gives PyTorch's gradients to 5e-6 (factors
    /// like the epsilon of BatchNormalization are float32 in ONNX), and what is left in float32 is rounding, ours and PyTorch's own: with batch statistics it moves PyTorch's loss by 3e-4.
    /// </summary>
    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void GradientsAreThoseOfPyTorch(string network)
    {
        using TorchReference reference = Make(network.Split(' '));
        BatchNormalizationMode mode = ModeOf(network);
        ReferenceRun run = ReferenceRun.Of(reference, mode);
        double loss = Math.Abs((run.Loss / reference.Loss) - 1);
        ReferenceComparison single = ReferenceComparison.Of(run.Gradients, reference.Gradients);
        string row = $"| {network} | {single.Errors.Count} | {loss:0e0} | {single}";
        if (loss <= LargestLossError && single.Median <= LargestMedian && single.Worst.Value <= LargestError)
        {
            Console.WriteLine($"{row} | | | |");
            return;
        }
        RoundingReference rounding = reference.MeasureRounding(1);
        ReferenceRun graph = ReferenceRun.InFloat64(reference, mode);
        ReferenceComparison exact = ReferenceComparison.Of(graph.Gradients, rounding.Exact);
        Console.WriteLine($"{row} | {ReferenceComparison.Of(run.Gradients, rounding.Exact)} | {ReferenceComparison.Of(reference.Gradients, rounding.Exact)} | {exact} |");
        Assert.IsLessThanOrEqualTo(LargestRoundedLossError, loss, "relative error of the loss");
        Assert.AreEqual(rounding.Loss, graph.Loss, LargestExactError * Math.Abs(rounding.Loss), "loss in float64");
        Assert.IsLessThanOrEqualTo(LargestExactError, exact.Worst.Value, $"relative error of the gradient of {exact.Worst.Key} in float64");
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
        ReferenceRun run = ReferenceRun.Of(reference, ModeOf(string.Join(' ', arguments)));
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

    private static BatchNormalizationMode ModeOf(string network) => network.Contains("--keep-bn train", StringComparison.Ordinal) ? BatchNormalizationMode.Batch : BatchNormalizationMode.Frozen;
}
