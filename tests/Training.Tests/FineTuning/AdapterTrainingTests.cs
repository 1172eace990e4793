using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Training adapters changes them and the head alone, and what comes out is a plain model.</summary>
[TestClass]
public sealed class AdapterTrainingTests
{
    private static readonly string[] Names = ["low", "high"];

    private static readonly TrainerOptions Options = new() { Epochs = 60, BatchSize = 8, Threads = 1, Cache = FeatureCacheOptions.None, LearningRate = 0.03f, Trainable = Trainable.Adapters };

    public static IEnumerable<object[]> Models =>
    [
        ["convolution", TrainingModels.ConvNet(4, 2), "conv.weight"],
        ["Gemm", Flattened(), "body.weight"],
        ["MatMul", Tokens(), "mix.weight"],
    ];

    [TestMethod, DynamicData(nameof(Models))]
    public async Task TheTunedModelIsPlainAndTellsTheClassesApart(string name, Model pretrained, string weight)
    {
        Model model = pretrained.Edit().RemoveClassifier().Attach(new LinearHead(2)).Build();
        LoraAttachment attached = new Lora { Rank = 1, Alpha = 2 }.Attach(model);
        using Trainer trainer = new(attached.Model, Options);
        FitResult result = await trainer.FitAsync(Images(64));
        CollectionAssert.AreEqual((string[])[weight], attached.Weights.ToArray(), name);
        Assert.IsGreaterThan(0.9, result.TrainAccuracy!.Value);
        CollectionAssert.AreEqual((string[])[.. model.Graph.Nodes.Select(n => n.OpType), "Softmax"], result.Model.Graph.Nodes.Select(n => n.OpType).ToArray());
        WeightComparison weights = WeightComparison.Of(model, result.Model);
        CollectionAssert.AreEquivalent((string[])[weight, "head.weight", "head.bias"], weights.Changed.ToArray());
        Assert.IsEmpty(weights.Added);
        Assert.AreEqual(attached.Parameters + model.HeadParameters.Sum(p => model.Graph.Get(p).Data!.Count), result.TrainedParameters);
        WeightComparison rebuilt = WeightComparison.Of(result.Model, result.Adapter!.Apply(pretrained));
        Assert.IsEmpty(rebuilt.Changed.Concat(rebuilt.Added));
    }

    /// <summary>The training graph's evaluation of trained parameters, and the plain model that is exported, give the same predictions.</summary>
    [TestMethod, DynamicData(nameof(Models))]
    public void TheMergedModelPredictsWhatTheTrainingGraphEvaluates(string name, Model pretrained, string weight)
    {
        Model model = new Lora { Rank = 1, Pattern = weight }.Attach(pretrained.Edit().RemoveClassifier().Attach(new LinearHead(2)).Build()).Model;
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Adapters.Select(model).Select(p => p.Name), new TrainingGraphOptions { FrozenApart = false });
        using StepGraphEngine engine = new(graph);
        InMemoryDataset images = Images(16);
        float[] pixels = new float[16 * 64];
        for (int i = 0; i < 16; i++)
            images.Load(i, pixels.AsSpan(i * 64, 64));
        Batch batch = new(16, [pixels], new float[16].Select((_, i) => (float)(i % 2)).ToArray());
        for (int step = 0; step < 20; step++)
            engine.TrainStep(batch, 0.03f);
        float[] logits = engine.Evaluate(batch).Outputs.ToArray();
        Model tuned = TunedModel.Build(model, engine.ExportParameters(), OutputKind.ClassLogits, Names, null).MergeAdapters();
        float[] probabilities = RuntimeSession.RunOnce(tuned, new Dictionary<string, TensorData> { [tuned.Graph.FeedInputs.Single().Name] = TensorData.FromFloats(pixels, 16, 1, 8, 8) })["probabilities"].ToFloats();
        for (int i = 0; i < 16; i++)
            Assert.AreEqual(1 / (1 + Math.Exp(logits[2 * i] - logits[2 * i + 1])), probabilities[2 * i + 1], 1e-5, name);
    }

    [TestMethod]
    public void WhatIsInFrontOfTheFirstAdapterIsFrozen()
    {
        Model model = new Lora { Rank = 1, Pattern = "fc1.w" }.Attach(ResidualModels.Build().Edit().RemoveClassifier().Attach(new LinearHead(3)).Build()).Model;
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Adapters.Select(model).Select(p => p.Name));
        Assert.IsFalse(graph.Training.Graph.Nodes.Any(n => n.OpType == "Conv"));
        CollectionAssert.Contains(graph.Features.Select(f => f.Name).ToArray(), "flat");
        Assert.AreEqual("head.weight head.bias fc1.w.lora_A fc1.w.lora_B", string.Join(' ', graph.Parameters.Select(p => p.Name)));
    }

    [TestMethod]
    public async Task OtherTrainablesGiveNoAdapter()
    {
        Model model = new Lora { Rank = 1 }.Attach(TrainingModels.ConvNet(4, 2).Edit().RemoveClassifier().Attach(new LinearHead(2)).Build()).Model;
        using Trainer trainer = new(model, Options with { Epochs = 1, Trainable = Trainable.All });
        FitResult result = await trainer.FitAsync(Images(16));
        Assert.IsNull(result.Adapter);
        Assert.IsFalse(result.Model.HasAdapters);
    }

    [TestMethod]
    public async Task LoraAndAnotherTrainableAreAnError()
    {
        FineTuningOptions options = new() { Model = "none.onnx", Images = "none", Output = "none", Lora = new Lora { Rank = 0 }, Trainer = new TrainerOptions { Trainable = Trainable.All } };
        string message = (await Assert.ThrowsExactlyAsync<ArgumentException>(() => FineTuning.RunAsync(options))).Message;
        StringAssert.Contains(message, "Trainable is 'all', but with Lora the adapters and the head are trained");
        StringAssert.Contains(message, "Lora.Rank is 0");
    }

    /// <summary>Pictures [1, 8, 8], bright above or below.</summary>
    private static InMemoryDataset Images(int count)
    {
        float[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => TrainingModels.Numbers(64, i).Select((v, p) => v * 0.5f + ((p < 32) == (i % 2 == 0) ? 0.5f : -0.5f)))];
        return InMemoryDataset.OfClasses(Shape.Of(1, 8, 8), pixels, [.. Enumerable.Range(0, count).Select(i => i % 2)], Names);
    }

    /// <summary>[N, 1, 8, 8] → Flatten → Gemm <c>body</c> → Relu → Gemm <c>head</c>.</summary>
    private static Model Flattened() => Build((op, x) => op.Gemm(op.Flatten(x), Weight(op, "body.weight", 8, 64), transB: true));

    /// <summary>Rows of the picture as tokens: MatMul <c>mix</c> → Relu → Flatten.</summary>
    private static Model Tokens() => Build((op, x) => op.Flatten(op.MatMul(op.Squeeze(x, 1), Weight(op, "mix.weight", 8, 6))));

    private static Model Build(Func<GraphBuilder, Value, Value> body)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 1, 8, 8));
        Value hidden = op.Relu(body(op, x));
        graph.SetOutputs(op.Gemm(hidden, Weight(op, "old.weight", 3, hidden.Graph.Find("mix.weight") is null ? 8 : 48), transB: true));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Value Weight(GraphBuilder op, string name, params long[] shape) => op.Graph.AddInitializer(name, TensorData.FromFloats(
        TrainingModels.Numbers((int)Shape.Of(shape).ElementCount!.Value, name.Length, 1 / MathF.Sqrt(shape[^1])), shape));
}
