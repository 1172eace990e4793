using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests.Autodiff;

/// <summary>Tuning the weights of a quantized model: x [batch, 2, 5, 5] → Conv → Relu → mean → Gemm → 2 logits, with 8-bit weights, 32-bit biases and quantized activations.</summary>
[TestClass]
public sealed class QuantizedModelTests
{
    private const float DataStep = 0.01f, WeightStep = 0.02f;

    private static readonly string[] Weights = ["conv.w", "conv.b", "fc.w", "fc.b"];

    private static readonly float[] ConvSteps = [0.02f, 0.01f, 0.04f];

    [TestMethod]
    public void QuantizedWeightsAreParameters() => CollectionAssert.AreEqual(Weights, Trainable.All.Select(Network(fused: false).ToWorkingForm()).Select(p => p.Name).ToArray());

    /// <summary>The activations lie on the grid of their quantization, as far as the first layer goes, so that the gradients are those of a model that was never quantized.</summary>
    [TestMethod]
    public void GradientsAreThoseOfTheModelBeforeQuantization()
    {
        TrainingGraph graph = Build(Network(fused: false), Weights), real = Build(Network(fused: false, isReal: true), Weights);
        IReadOnlyDictionary<string, TensorData> expected = Gradients(real), actual = Gradients(graph);
        foreach (string name in Weights)
            AssertClose(expected[name].ToFloats(), actual[name].ToFloats(), 0.03f, name);
    }

    [TestMethod]
    public void FusedOperatorsGiveTheSameGradients()
    {
        IReadOnlyDictionary<string, TensorData> expected = Gradients(Build(Network(fused: false), Weights)), actual = Gradients(Build(Network(fused: true), Weights));
        foreach (string name in Weights)
            AssertClose(expected[name].ToFloats(), actual[name].ToFloats(), 1e-5f, name);
    }

    /// <summary>What ONNX Runtime saves of a model that it has optimized: quantized layers are one operator each.</summary>
    [TestMethod]
    public void OptimizedModelsHaveTheSameGradients()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("optimized.onnx");
        using (SessionOptions options = new() { OptimizedModelFilePath = path, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL })
            RuntimeSession.Open(Network(fused: false), options).Dispose();
        Model optimized = Model.Parse(File.ReadAllBytes(path));
        CollectionAssert.Contains(optimized.Graph.Nodes.Select(n => n.OpType).ToArray(), "QLinearConv");
        string[] names = [.. Weights.Intersect(Parameters.Of(optimized).Select(p => p.Name))];
        Assert.AreEqual("conv.w conv.b fc.w fc.b", string.Join(' ', names), string.Join(' ', Parameters.Of(optimized)) + string.Join(' ', optimized.Graph.Nodes));
        IReadOnlyDictionary<string, TensorData> expected = Gradients(Build(Network(fused: false), Weights)), actual = Gradients(Build(optimized, names));
        foreach (string name in names)
            AssertClose(expected[name].ToFloats(), actual[name].ToFloats(), 0.03f, name);
    }

    [TestMethod]
    [DataRow(false, "conv.w,conv.b,fc.w,fc.b")]
    [DataRow(true, "conv.w,conv.b,fc.w,fc.b")]
    [DataRow(false, "conv.w")]
    [DataRow(true, "conv.b")]
    [DataRow(true, "fc.w,fc.b")]
    public void WhatWasTrainedComesBackInFloatAndTheRestQuantized(bool fused, string trained)
    {
        string[] names = trained.Split(',');
        Model model = Network(fused).ToWorkingForm();
        TrainingGraph graph = Build(model, names);
        Dictionary<string, TensorData> feeds = Feeds(graph);
        foreach (string name in names)
            feeds[name] = TensorData.FromFloats([.. feeds[name].ToFloats().Select(v => v + 0.013f)], feeds[name].Shape.ToArray());
        Model tuned = Model.Parse(TunedModel.Build(model, names.ToDictionary(n => n, n => feeds[n]), OutputKind.Values, [], null).ToBytes());
        foreach (string name in Weights)
            Assert.AreEqual(names.Contains(name) ? ElementType.Float : model.Graph.Get(name).ElementType, tuned.Graph.Get(name).ElementType, name);
        float[] expected = RuntimeSession.RunOnce(graph.Evaluation, feeds)[graph.Output.Name].ToFloats();
        float[] actual = RuntimeSession.RunOnce(tuned, new Dictionary<string, TensorData> { ["x"] = feeds["x"] })["y"].ToFloats();
        AssertClose(expected, actual, 2e-2f, "output");        // the runtime rounds the data of quantized layers once more
    }

    [TestMethod]
    public void ANewHeadLeavesAllAsItWas()
    {
        Model model = Network(fused: true).Edit().CutAt("pooled").Attach(new LinearHead(3)).Build();
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Head.Select(model).Select(p => p.Name));
        Assert.AreEqual(1, graph.Frozen!.Graph.Nodes.Count(n => n.OpType == "QLinearConv"));
    }

    private static TrainingGraph Build(Model model, string[] names) => TrainingGraph.Build(model, new SoftmaxCrossEntropy(), names, new TrainingGraphOptions { FrozenApart = false });

    private static IReadOnlyDictionary<string, TensorData> Gradients(TrainingGraph graph)
    {
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, Feeds(graph));
        return graph.Parameters.ToDictionary(p => p.Name, p => results[p.Gradient.Name]);
    }

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        feeds["x"] = TensorData.FromFloats([.. TrainingModels.Numbers(100, 3).Select(v => DataStep * MathF.Round(v / DataStep))], 2, 2, 5, 5);
        feeds[graph.Targets.Name] = TensorData.FromLongs([0, 1], 2);
        return feeds;
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance, string name)
    {
        float scale = expected.Max(MathF.Abs);
        Assert.IsGreaterThan(0, scale, name);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance * scale, $"{name}[{i}]");
    }

    /// <param name="fused">Whether the convolution is one operator on quantized tensors.</param>
    /// <param name="isReal">Whether activations are not quantized and weights are stored as what they stand for.</param>
    private static Model Network(bool fused, bool isReal = false)
    {
        GraphBuilder b = new(new Graph());
        Value x = b.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 2, 5, 5));
        Value[] scale = [b.Scalar(DataStep), b.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Scalar, new byte[] { 128 }))];
        Value[] outScale = [b.Scalar(4 * DataStep), scale[1]];
        Value convSteps = Floats(b, ConvSteps), biasSteps = Floats(b, [.. ConvSteps.Select(s => s * DataStep)]);
        Value zeros = b.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Of(3), new byte[3]));
        Value w = Integers(b, "conv.w", ElementType.Int8, 3, 2, 3, 3), bias = Integers(b, "conv.b", ElementType.Int32, 3);
        Value y;
        if (isReal)
            y = b.Conv(x, Stored(b, w, b.Reshape(convSteps, 3, 1, 1, 1)), Stored(b, bias, biasSteps));
        else if (fused)
            y = b.Op("DequantizeLinear", [b.Op("QLinearConv", [b.Op("QuantizeLinear", [x, .. scale]), .. scale, w, convSteps, zeros, .. outScale, bias]), .. outScale]);
        else
        {
            y = b.Conv(Requantized(b, x, scale), b.Op("DequantizeLinear", [w, convSteps, zeros], ("axis", 0)), b.Op("DequantizeLinear", [bias, biasSteps], ("axis", 0)));
            y = Requantized(b, y, outScale);
        }
        Value pooled = b.Flatten(b.GlobalAveragePool(b.Relu(y)));
        b.Graph.Rename(pooled, "pooled");
        Value fc = Integers(b, "fc.w", ElementType.Int8, 3, 2), offset = Integers(b, "fc.b", ElementType.Int32, 2), step = b.Scalar(WeightStep);
        Value logits = isReal ? b.Gemm(pooled, Stored(b, fc, step), Stored(b, offset, step)) : b.Gemm(pooled, b.Op("DequantizeLinear", [fc, step]), b.Op("DequantizeLinear", [offset, step]));
        b.Graph.Rename(logits, "y");
        b.Graph.SetOutputs(logits);
        foreach (Value value in b.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            value.ElementType = ElementType.Undefined;
        RemoveUnused.Run(b.Graph);
        return new Model(b.Graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Value Requantized(GraphBuilder b, Value x, Value[] scale) => b.Op("DequantizeLinear", [b.Op("QuantizeLinear", [x, .. scale]), .. scale]);

    private static Value Integers(GraphBuilder b, string name, ElementType type, params long[] shape)
    {
        int[] numbers = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, c) => a * c)).Select(i => (i * 17 % 61) - 28)];
        return b.Graph.AddInitializer(name, TensorData.FromBytes(type, Shape.Of(shape), numbers.SelectMany(v => type == ElementType.Int8 ? [(byte)(sbyte)v] : BitConverter.GetBytes(v)).ToArray()));
    }

    private static Value Floats(GraphBuilder b, float[] values) => b.Constant(TensorData.FromFloats(values, values.Length));

    /// <summary>The numbers that integers of a step stand for, under the name of the integers.</summary>
    private static Value Stored(GraphBuilder b, Value integers, Value steps)
    {
        float[] all = integers.Data!.ToFloats(), each = (steps.Producer is { } reshape ? reshape.Inputs[0]! : steps).Data!.ToFloats();
        float[] real = [.. all.Select((v, i) => v * each[each.Length == 1 ? 0 : i / (all.Length / each.Length)])];
        b.Graph.SetInitializer(integers, TensorData.FromFloats(real, integers.Data!.Shape.ToArray()));
        return integers;
    }
}
