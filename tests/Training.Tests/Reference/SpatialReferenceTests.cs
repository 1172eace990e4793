namespace OnnxFineTune.Training.Tests;

/// <summary>Resampling operators in the forms that PyTorch's exporter gives them: loss and the gradient of every parameter as PyTorch computes them.</summary>
[TestClass]
public sealed class SpatialReferenceTests
{
    [TestMethod]
    [DataRow("9")]
    [DataRow("10")]
    [DataRow("11")]
    [DataRow("13")]
    [DataRow("16")]
    public void GradientsAreThoseOfPyTorch(string opset)
    {
        using TorchReference reference = TorchReference.Spatial(opset);
        ReferenceRun run = ReferenceRun.Of(reference);
        (string worst, double error) = ReferenceComparison.Of(run.Gradients, reference.Gradients).Worst;
        Console.WriteLine($"Operator set {opset}: loss {run.Loss} ({reference.Loss}), worst {error:0.0e0} ({worst})");
        Assert.AreEqual(reference.Loss, run.Loss, 1e-5 * Math.Abs(reference.Loss));
        Assert.IsLessThanOrEqualTo(2e-5, error, $"relative error of the gradient of {worst}");
    }
}
