using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Self-attention as exporters write it: one projection, transposed, and query, key and value gathered from it.</summary>
[TestClass]
public sealed class AttentionGradientTests
{
    /// <summary>ONNX Runtime moves the Transposes through the gradient of each Gather; the result must be that of the graph as written.</summary>
    [TestMethod]
    public void OptimizedGradientIsThatOfTheGraphAsWritten()
    {
        const int batch = 2, tokens = 4, heads = 3, width = 5;
        GraphBuilder op = new(new Graph("attention"));
        Value projected = op.Graph.AddInput("projected", ElementType.Float, Shape.Of(batch, tokens, 3, heads, width));
        Value parts = op.Transpose(projected, 2, 0, 3, 1, 4);
        Value query = op.Gather(parts, op.Long(0), 0), key = op.Gather(parts, op.Long(1), 0), value = op.Gather(parts, op.Long(2), 0);
        Value mixed = op.MatMul(op.Softmax(op.MatMul(query, op.Transpose(key, 0, 1, 3, 2)), -1), value);
        Value loss = op.ReduceSum(op.Mul(mixed, mixed), [], keepDims: false);
        op.Graph.AddOutput(loss);
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        InferShapes.Run(model);
        Value gradient = Differentiation.Append(op, loss, [projected])[projected];
        op.Graph.SetOutputs(gradient);
        int count = batch * tokens * 3 * heads * width;
        Dictionary<string, TensorData> feeds = new()
        {
            ["projected"] = TensorData.FromFloats([.. Enumerable.Range(0, count).Select(i => MathF.Sin(i))], batch, tokens, 3, heads, width),
        };
        float[] optimized = Run(model, feeds, GraphOptimizationLevel.ORT_ENABLE_ALL);
        float[] asWritten = Run(model, feeds, GraphOptimizationLevel.ORT_DISABLE_ALL);
        for (int i = 0; i < count; i++)
            Assert.AreEqual(asWritten[i], optimized[i], 1e-5f, $"element {i}");
    }

    private static float[] Run(Model model, Dictionary<string, TensorData> feeds, GraphOptimizationLevel level)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = level };
        return RuntimeSession.RunOnce(model, feeds, options).Values.Single().ToFloats();
    }
}
