using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Models that ONNX Runtime's optimizer has written its own operators into: the gradients are those of the models before.</summary>
[TestClass]
public sealed class OptimizedModelTests
{
    private const int Width = 8;

    private readonly Random _random = new(3);

    [TestMethod]
    public void ConvolutionsWithTheirActivations() => CheckSame(Convolutional(), [2, 3, 6, 6], "com.microsoft.FusedConv");

    [TestMethod]
    public void BlocksOfATransformer() => CheckSame(Transformer(), [2, 5, Width], "com.microsoft.SkipLayerNormalization", "com.microsoft.BiasGelu", "com.microsoft.FusedMatMul");

    /// <summary>The whole way of a training: every weight of the optimized model has the gradient that it has in the model before.</summary>
    [TestMethod]
    public void TrainingGraphsHaveTheSameGradients()
    {
        Model model = Convolutional(), optimized = Optimized(model);
        string[] names = [.. Parameters.Of(model).Select(p => p.Name)];
        CollectionAssert.AreEquivalent(names, Parameters.Of(optimized).Select(p => p.Name).ToArray());
        IReadOnlyDictionary<string, TensorData> expected = Gradients(model, names), actual = Gradients(optimized, names);
        foreach (string name in names)
            AssertClose(expected[name].ToFloats(), actual[name].ToFloats(), name);
    }

    private static IReadOnlyDictionary<string, TensorData> Gradients(Model model, string[] names)
    {
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), names);
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Value.Name, p => p.Initial);
        feeds[graph.Features[0].Name] = Numbers([2, 3, 6, 6]);
        feeds[graph.Targets.Name] = TensorData.FromLongs([1, 4], 2);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, feeds);
        return graph.Parameters.ToDictionary(p => p.Name, p => results[p.Gradient.Name]);
    }

    private static void CheckSame(Model model, long[] shape, params string[] fused)
    {
        Model optimized = Optimized(model);
        string[] operators = [.. optimized.Graph.Nodes.Select(n => n.Domain.Length > 0 ? $"{n.Domain}.{n.OpType}" : n.OpType)];
        CollectionAssert.IsSubsetOf(fused, operators, string.Join(" ", operators));
        Dictionary<string, TensorData> feeds = new() { ["x"] = Numbers(shape) };
        AssertClose(Gradient(model, feeds), Gradient(optimized, feeds), "x");
    }

    private static Model Optimized(Model model)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("optimized.onnx");
        using (SessionOptions options = new() { OptimizedModelFilePath = path, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL })
            RuntimeSession.Open(model, options).Dispose();
        return Model.Parse(File.ReadAllBytes(path));
    }

    private static TensorData Numbers(long[] shape) =>
        TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => MathF.Sin(i * 1.3f))], shape);

    private static void AssertClose(float[] expected, float[] actual, string name)
    {
        float scale = expected.Max(MathF.Abs);
        Assert.IsGreaterThan(0, scale, name);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5f * scale, $"{name}[{i}]");
    }

    private static float[] Gradient(Model model, Dictionary<string, TensorData> feeds)
    {
        Model work = model.ToWorkingForm();
        while (WriteOut.Run(work.Graph, [.. work.Graph.Nodes.Where(n => GradientRules.Standard.Find(n) is null)]))
            work = work.ToWorkingForm();
        GraphBuilder op = new(work.Graph, "grad");
        Value y = work.Graph.Outputs[0];
        Value gradient = Differentiation.Append(op, y, op.Add(op.Sin(y), op.ZerosLike(y, y)), [work.Graph.Get("x")])[work.Graph.Get("x")];
        work.Graph.SetOutputs(gradient);
        RemoveUnused.Run(work.Graph);
        return RuntimeSession.RunOnce(work, feeds)[gradient.Name].ToFloats();
    }

    private Model Convolutional()
    {
        GraphBuilder op = new(new Graph("convolutional"));
        Value x = op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 6, 6));
        Value y = op.Relu(op.Conv(x, Weight(op, 4, 3, 3, 3), Weight(op, 4), pads: [1, 1, 1, 1]));
        y = op.Op("LeakyRelu", [op.Conv(y, Weight(op, 4, 4, 3, 3), Weight(op, 4))], ("alpha", 0.2f));
        y = op.Clip(op.Conv(y, Weight(op, 4, 1, 3, 3), Weight(op, 4), group: 4), op.Scalar(-0.5), op.Scalar(0.5));
        return Finished(op, op.Gemm(op.Flatten(y), Weight(op, 16, 5), Weight(op, 5)));
    }

    /// <summary>Attention of one head, and two layers with Gelu, each with a residual connection; the normalization between the two is beside the second.</summary>
    private Model Transformer()
    {
        GraphBuilder op = new(new Graph("transformer"));
        Value x = op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 5, Width));
        Value q = Dense(op, x, Width, Width), k = Dense(op, x, Width, Width), v = Dense(op, x, Width, Width);
        Value scores = op.Mul(op.MatMul(q, op.Transpose(k, 0, 2, 1)), op.Scalar(0.35));
        Value sum = op.Add(Dense(op, op.MatMul(op.Softmax(scores), v), Width, Width), x);
        Value hidden = Dense(op, Normalized(op, sum), Width, 2 * Width);
        Value gelu = op.Mul(op.Mul(hidden, op.Add(op.Erf(op.Div(hidden, op.Scalar(Math.Sqrt(2)))), op.Scalar(1))), op.Scalar(0.5));
        return Finished(op, Normalized(op, op.Add(Dense(op, gelu, 2 * Width, Width), sum)));
    }

    private Value Dense(GraphBuilder op, Value x, long from, long to) => op.Add(op.MatMul(x, Weight(op, from, to)), Weight(op, to));

    private Value Normalized(GraphBuilder op, Value x) => op.Op("LayerNormalization", [x, Weight(op, Width), Weight(op, Width)], ("axis", -1));

    private Value Weight(GraphBuilder op, params long[] shape) =>
        op.Graph.AddInitializer("w", TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (_random.NextSingle() - 0.5f))], shape));

    private static Model Finished(GraphBuilder op, Value y)
    {
        op.Graph.SetOutputs(y);
        Model model = new(op.Graph) { Opset = 17 };
        InferShapes.Run(model);
        return model;
    }
}
