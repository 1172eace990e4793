using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Which nodes of a training graph take the statistics of the batch, and what they compute then.</summary>
[TestClass]
public sealed class BatchStatisticsTests
{
    private static readonly string[] First = ["norm1.mean", "norm1.variance"];
    private static readonly string[] Second = ["norm2.mean", "norm2.variance"];

    /// <summary>What is trained, whether the frozen layers are a model of their own, the statistics that are updated.</summary>
    public static IEnumerable<object[]> Extents =>
        from extent in new (string Trainable, string[] Statistics)[]
        {
            ("all", [.. First, .. Second]),
            ("conv1.weight", [.. First, .. Second]),
            ("norm1.bias", [.. First, .. Second]),
            ("conv2.weight", Second),
            ("norm2.scale", Second),
            ("head*", []),
        }
        from apart in new[] { true, false }
        select new object[] { extent.Trainable, apart, extent.Statistics };

    [TestMethod]
    [DynamicData(nameof(Extents))]
    public void LayersAtOrBehindATrainedParameterTakeThem(string trainable, bool apart, string[] expected)
    {
        TrainingGraph graph = BatchNormalizationTask.Graph(NormalizedModels.ConvNet(3, 2), trainable, BatchNormalizationTask.Batch with { FrozenApart = apart });
        CollectionAssert.AreEqual(expected, graph.Statistics.Select(s => s.Name).ToArray());
        string?[] Means(Model model) => [.. model.Graph.Nodes.Where(n => n.OpType == "BatchNormalization").Select(n => n.Inputs[3]!.Name)];
        foreach (string mean in First.Concat(Second).Where(s => s.EndsWith("mean", StringComparison.Ordinal) && Means(graph.Evaluation).Contains(s)))
            Assert.AreEqual(!expected.Contains(mean), Means(graph.Training).Contains(mean), mean);
        CollectionAssert.AreEqual(expected, graph.Training.Graph.FeedInputs.TakeLast(expected.Length).Select(v => v.Name).ToArray());
        CollectionAssert.AreEqual(graph.Statistics.Select(s => s.Next).ToArray(), graph.Training.Graph.Outputs.TakeLast(expected.Length).ToArray());
        foreach (string statistic in expected)
            Assert.IsTrue(graph.Evaluation.Graph.Get(statistic).IsInput);
    }

    [TestMethod]
    [DataRow(14)]
    [DataRow(15)]
    [DataRow(9)]
    [DataRow(7)]
    public void AModelInTrainingModeIsTrainedAsOneInInferenceMode(int opset)
    {
        foreach (BatchNormalizationMode mode in Enum.GetValues<BatchNormalizationMode>())
        {
            TrainingGraphOptions options = new() { BatchNormalization = mode };
            Model inference = NormalizedModels.ConvNet(3, 2);
            inference.Opset = opset;
            Batch batch = BatchNormalizationTask.Pictures(6, 2);
            using StepGraphEngine expected = BatchNormalizationTask.Engine(inference, options: options);
            using StepGraphEngine actual = BatchNormalizationTask.Engine(NormalizedModels.InTrainingMode(inference, opset), options: options);
            for (int step = 0; step < 3; step++)
                Assert.AreEqual(expected.TrainStep(batch, 0.01f).Loss, actual.TrainStep(batch, 0.01f).Loss);
            Assert.AreEqual(expected.Evaluate(batch).Loss, actual.Evaluate(batch).Loss);
            BatchNormalizationTask.AssertSame(expected.ExportParameters(), actual.ExportParameters());
        }
    }

    [TestMethod]
    [DataRow(new long[] { 3 })]
    [DataRow(new long[] { 2, 5 })]
    [DataRow(new long[] { 2, 3, 3 })]
    [DataRow(new long[] { 2, 2, 2, 2 })]
    public void GradientsPassThroughTheStatistics(long[] example)
    {
        TrainingGraph graph = BatchNormalizationTask.Graph(NormalizedModels.AtTheInput(example, 2, ("epsilon", 0.1f)));
        GradientAssert.AreRight(graph, Feeds(graph, graph.Features[0], [6, .. example]));
    }

    [TestMethod]
    public void GradientsOfTwoLayersPassThroughTheStatisticsOfBoth()
    {
        Model model = NormalizedModels.ConvNet(3, 2, ("epsilon", 0.1f));
        model.Graph.Nodes.Single(n => n.OpType == "Relu").OpType = "Tanh";      // without a kink
        TrainingGraph graph = BatchNormalizationTask.Graph(model);
        GradientAssert.AreRight(graph, Feeds(graph, graph.Features[0], [6, 1, 8, 8]));
    }

    [TestMethod]
    public void OneValuePerChannelIsNoBatch()
    {
        Model model = NormalizedModels.AtTheInput([3], 2);
        TrainingGraph graph = BatchNormalizationTask.Graph(model);
        Assert.AreEqual(2, graph.SmallestBatch);
        using StepGraphEngine engine = new(graph);
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => engine.TrainStep(new Batch(1, [new float[3]], new float[1]), 0.01f));
        StringAssert.Contains(e.Message, "one example");
        Assert.AreEqual(1, engine.Evaluate(new Batch(1, [new float[3]], new float[1])).Outputs.Length / 2, "evaluation takes it");
        Assert.AreEqual(1, BatchNormalizationTask.Graph(model, options: new()).SmallestBatch);
        Assert.AreEqual(1, BatchNormalizationTask.Graph(NormalizedModels.AtTheInput([3, 2], 2)).SmallestBatch);
        Assert.AreEqual(2, BatchNormalizationTask.Graph(NormalizedModels.AtTheInput([3, 1, 1], 2)).SmallestBatch);
    }

    [TestMethod]
    public void StatisticsThatAreComputedAreRefused()
    {
        Model model = NormalizedModels.AtTheInput([3], 2);
        Node norm = model.Graph.Nodes.Single(n => n.OpType == "BatchNormalization");
        GraphBuilder op = new(model.Graph) { Before = norm };
        norm.SetInput(3, op.ReduceMean(norm.Inputs[0]!, [0], keepDims: false));
        GraphException e = Assert.ThrowsExactly<GraphException>(() => BatchNormalizationTask.Graph(model));
        StringAssert.Contains(e.Message, "BatchNormalization");
        StringAssert.Contains(e.Message, "Frozen");
        Assert.IsEmpty(BatchNormalizationTask.Graph(model, options: new()).Statistics);
    }

    [TestMethod]
    public void TheTrainingApiHasNoSuchState()
    {
        TrainingGraph graph = BatchNormalizationTask.Graph(NormalizedModels.ConvNet(3, 2));
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => TrainingArtifacts.Build(graph)).Message, "training API");
        TrainerOptions options = new() { BatchNormalization = BatchNormalizationMode.Batch, Engine = TrainingEngine.OrtTraining };
        StringAssert.Contains(options.Validate().Single(), "training API");
        Assert.IsEmpty((options with { Engine = TrainingEngine.StepGraph }).Validate());
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Threads = 1 });
        Checkpoint checkpoint = TrainingArtifacts.Build(BatchNormalizationTask.Graph(NormalizedModels.ConvNet(3, 2), options: new() { FrozenApart = false })).Checkpoint;
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => checkpoint.WithState(engine.ExportState(), new AdamW())).Message, "norm1.mean");
    }

    [TestMethod]
    public void AdaptersHoldNoStatistics()
    {
        TrainerOptions options = new() { BatchNormalization = BatchNormalizationMode.Batch, Trainable = Trainable.Adapters };
        StringAssert.Contains(options.Validate().Single(), "adapter");
        Assert.IsEmpty((options with { BatchNormalization = BatchNormalizationMode.Frozen }).Validate());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => AdapterTraining.Check(new Lora(), Trainable.Head, BatchNormalizationMode.Batch)).Message, "adapter");
    }

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph, Value input, long[] shape)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        foreach (RunningStatistic statistic in graph.Statistics)
            feeds[statistic.Name] = statistic.Initial;
        feeds[input.Name] = TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate((a, b) => a * b), 8, 2), shape);
        feeds[graph.Targets.Name] = TensorData.Vector(1, 1, 1, 0, 1, 1);
        return feeds;
    }
}
