using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class GradientClippingTests
{
    /// <summary>Gradients [3, 4] and [12], of norm 13, as PyTorch's <c>clip_grad_norm_</c> leaves them.</summary>
    [TestMethod]
    [DataRow(1.0, 0.23076921701431274, 0.307692289352417, 0.923076868057251)]
    [DataRow(6.5, 1.4999998807907104, 1.9999998807907104, 5.999999523162842)]
    [DataRow(100.0, 3.0, 4.0, 12.0)]
    public void NormIsLimitedAsInPyTorch(double maxNorm, double first, double second, double third)
    {
        Graph graph = new();
        Value a = graph.AddInput("a", ElementType.Float, Shape.Of(2)), b = graph.AddInput("b", ElementType.Float, Shape.Of(1));
        IReadOnlyList<Value> clipped = new GradientClipping { MaxNorm = maxNorm }.Build(new GraphBuilder(graph), [a, b]);
        graph.SetOutputs(clipped);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(new Model(graph) { Opset = GraphBuilder.WorkingOpset },
            new Dictionary<string, TensorData> { ["a"] = TensorData.FromFloats([3, 4], 2), ["b"] = TensorData.FromFloats([12], 1) });
        Assert.AreEqual(first, results[clipped[0].Name].ToFloats()[0], 3e-7);
        Assert.AreEqual(second, results[clipped[0].Name].ToFloats()[1], 3e-7);
        Assert.AreEqual(third, results[clipped[1].Name].ToFloats()[0], 1e-6);
    }
}
