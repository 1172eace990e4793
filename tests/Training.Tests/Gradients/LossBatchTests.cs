using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Losses that are operators, for a batch whose size is known only when the graph runs: the same gradients as for a fixed one.</summary>
[TestClass]
public sealed class LossBatchTests
{
    private static readonly Dictionary<string, TensorData> Feeds = new()
    {
        ["x"] = TensorData.FromFloats([.. Enumerable.Range(0, 12).Select(i => MathF.Sin(i * 1.7f))], 4, 3),
        ["labels"] = TensorData.FromLongs([2, 9, 0, 1], 4),
    };

    [TestMethod]
    [DataRow("SoftmaxCrossEntropyLoss", "mean")]
    [DataRow("SoftmaxCrossEntropyLoss", "sum")]
    [DataRow("SoftmaxCrossEntropyLoss", "none")]
    [DataRow("NegativeLogLikelihoodLoss", "mean")]
    [DataRow("NegativeLogLikelihoodLoss", "sum")]
    [DataRow("NegativeLogLikelihoodLoss", "none")]
    public void GradientsAreThoseOfAFixedBatch(string opType, string reduction)
    {
        float[] expected = Gradient(opType, reduction, 4), actual = Gradient(opType, reduction, Dimension.Named("N"));
        Assert.IsTrue(expected.Any(e => e != 0) && expected[3..6].All(e => e == 0), "The second label is to be ignored.");
        CollectionAssert.AreEqual(expected, actual);
    }

    private static float[] Gradient(string opType, string reduction, Dimension batch)
    {
        GraphBuilder op = new(new Graph("loss"));
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        Value x = op.Graph.AddInput("x", ElementType.Float, new Shape(batch, 3)), labels = op.Graph.AddInput("labels", ElementType.Int64, new Shape(batch));
        Value loss = op.Op(opType, [x, labels], ("reduction", reduction), ("ignore_index", 9));
        if (reduction == "none")
            loss = op.ReduceMean(loss, [], keepDims: false);
        op.Graph.SetOutputs(loss);
        InferShapes.Run(model);
        Value gradient = op.Identity(Differentiation.Append(op, loss, [x])[x]);
        op.Graph.SetOutputs(gradient);
        RemoveUnused.Run(op.Graph);
        return RuntimeSession.RunOnce(model, Feeds)[gradient.Name].ToFloats();
    }
}
