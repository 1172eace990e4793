using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class GatherGradientTests
{
    /// <summary>An embedding whose indices repeat thousands of times: additions of several threads to one row must not be lost.</summary>
    [TestMethod]
    public void ManyDuplicatesAreAllAddedByManyThreads()
    {
        const int rows = 7, width = 64, count = 20000;
        GraphBuilder op = new(new Graph("embedding"));
        Value table = op.Graph.AddInput("table", ElementType.Float, Shape.Of(rows, width));
        Value indices = op.Graph.AddInput("indices", ElementType.Int64, Shape.Of(count));
        Value loss = op.ReduceSum(op.Gather(table, indices), [], keepDims: false);
        op.Graph.AddOutput(loss);
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        InferShapes.Run(model);
        Value gradient = Differentiation.Append(op, loss, [table])[table];
        op.Graph.SetOutputs(gradient);
        long[] places = [.. Enumerable.Range(0, count).Select(i => (long)(i * 31 % rows))];
        Dictionary<string, TensorData> feeds = new() { ["table"] = TensorData.FromFloats(new float[rows * width], rows, width), ["indices"] = TensorData.FromLongs(places, count) };
        float[] actual = RuntimeSession.RunOnce(model, feeds)[gradient.Name].ToFloats();
        float[] expected = [.. Enumerable.Range(0, rows * width).Select(i => (float)places.Count(p => p == i / width))];
        CollectionAssert.AreEqual(expected, actual);
    }
}
