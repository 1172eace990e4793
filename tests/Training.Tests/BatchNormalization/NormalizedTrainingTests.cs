using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Networks with BatchNormalization through engine and trainer, and the models that come of it.</summary>
[TestClass]
public sealed class NormalizedTrainingTests
{
    private static readonly TrainerOptions Options = new()
    {
        Epochs = 6, BatchSize = 16, Threads = 1, LearningRate = 0.02f, Cache = FeatureCacheOptions.None, Trainable = Trainable.All, BatchNormalization = BatchNormalizationMode.Batch,
    };

    private static readonly InMemoryDataset Training = BatchNormalizationTask.Dataset(96, 1), Validation = BatchNormalizationTask.Dataset(64, 2);

    [TestMethod]
    [DataRow(21, false)]
    [DataRow(14, true)]
    [DataRow(9, true)]
    public async Task TheTunedModelPredictsAsItWasEvaluated(int opset, bool exportedInTrainingMode)
    {
        Model model = NormalizedModels.ConvNet(4, 2);
        model.Opset = opset;
        if (exportedInTrainingMode)
            model = NormalizedModels.InTrainingMode(model, opset);
        using StepGraphEngine engine = BatchNormalizationTask.Engine(model);
        for (int step = 0; step < 4; step++)
            engine.TrainStep(BatchNormalizationTask.Pictures(16, 10 + step), 0.02f);
        Batch batch = BatchNormalizationTask.Pictures(12, 3);
        float[] evaluated = engine.Evaluate(batch).Outputs.ToArray();
        Model tuned = Model.Parse(TunedModel.Build(model, engine.ExportParameters(), OutputKind.Values, [], null).ToBytes());
        AssertInference(tuned);
        float[] outputs = RuntimeSession.RunOnce(tuned, new Dictionary<string, TensorData> { ["image"] = TensorData.FromFloats(batch.Inputs[0].ToArray(), 12, 1, 8, 8) }).Values.Single().ToFloats();
        for (int i = 0; i < outputs.Length; i++)
            Assert.AreEqual(evaluated[i], outputs[i], 1e-5f * Math.Max(1, Math.Abs(evaluated[i])));
        using Trainer trainer = new(model, Options with { Epochs = 2 });
        FitResult result = await trainer.FitAsync(Training, Validation);
        AssertInference(result.Model);
        Assert.AreEqual(result.History[result.BestEpoch - 1].ValidationLoss!.Value, Evaluator.Evaluate(result.Model, Validation).Loss, 1e-5);
    }

    /// <summary>The best of several epochs at a rate that is much too high is not the last, and its statistics come back with its weights.</summary>
    [TestMethod]
    public async Task TheBestEpochsStatisticsAreRestored()
    {
        using Trainer trainer = new(NormalizedModels.ConvNet(4, 2), Options with { LearningRate = 0.5f, Schedule = new ConstantSchedule(), EarlyStoppingPatience = 3, Epochs = 12 });
        FitResult result = await trainer.FitAsync(Training, Validation);
        Assert.IsLessThan(result.History.Count, result.BestEpoch, "another epoch followed");
        EvaluationResult validated = Evaluator.Evaluate(result.Model, Validation);
        Assert.AreEqual(result.History[result.BestEpoch - 1].ValidationLoss!.Value, validated.Loss, 1e-4 * Math.Max(1, validated.Loss));
        Assert.AreEqual(result.ValidationAccuracy, validated.Accuracy);
    }

    [TestMethod]
    public async Task ANetworkThatWasNeverTrainedLearnsWithTheStatisticsOfTheBatch()
    {
        FitResult batch = await Fit(Options), frozen = await Fit(Options with { BatchNormalization = BatchNormalizationMode.Frozen });
        Console.WriteLine($"accuracy {batch.ValidationAccuracy:0.00} with batch statistics, {frozen.ValidationAccuracy:0.00} with frozen ones");
        Assert.IsGreaterThan(0.9, batch.ValidationAccuracy!.Value);
        Assert.IsLessThan(batch.ValidationAccuracy.Value - 0.1, frozen.ValidationAccuracy!.Value);
        Assert.AreEqual(batch.TrainedParameters, frozen.TrainedParameters, "statistics are no trained parameters");
        Assert.AreEqual(batch.ValidationAccuracy, Evaluator.Evaluate(batch.Model, Validation).Accuracy);
        float[] mean = batch.Model.Graph.Get("norm1.mean").Data!.ToFloats();
        Assert.IsTrue(mean.Any(m => Math.Abs(m) > 1), $"the statistics are those of the pictures: {string.Join(' ', mean)}");
        Assert.IsTrue(frozen.Model.Graph.Get("norm1.mean").Data!.ToFloats().All(m => m == 0));

        static async Task<FitResult> Fit(TrainerOptions options)
        {
            using Trainer trainer = new(NormalizedModels.ConvNet(4, 2), options);
            return await trainer.FitAsync(Training, Validation);
        }
    }

    [TestMethod]
    public async Task TheSameSeedGivesTheSameBits()
    {
        byte[][] models = new byte[2][];
        for (int run = 0; run < 2; run++)
        {
            using Trainer trainer = new(NormalizedModels.ConvNet(4, 2), Options with { Epochs = 2, Seed = 5 });
            models[run] = (await trainer.FitAsync(Training)).Model.ToBytes();
        }
        CollectionAssert.AreEqual(models[0], models[1]);
    }

    [TestMethod]
    public void AnEngineGoesOnFromAStateAsIfNothingHadBeenBetween()
    {
        Model model = NormalizedModels.ConvNet(4, 2);
        using StepGraphEngine through = BatchNormalizationTask.Engine(model), first = BatchNormalizationTask.Engine(model), second = BatchNormalizationTask.Engine(model);
        float[] expected = Steps(through, 0, 7);
        float[] before = Steps(first, 0, 3);
        second.ImportState(first.ExportState());
        CollectionAssert.AreEqual(expected, before.Concat(Steps(second, 3, 7)).ToArray());
        BatchNormalizationTask.AssertSame(through.ExportParameters(), second.ExportParameters());
        using StepGraphEngine frozen = BatchNormalizationTask.Engine(model, options: new());
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => second.ImportState(frozen.ExportState())).Message, "norm1.mean");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => frozen.ImportState(second.ExportState())).Message, "norm1.mean");

        static float[] Steps(StepGraphEngine engine, int from, int to) =>
            [.. Enumerable.Range(from, to - from).Select(s => engine.TrainStep(BatchNormalizationTask.Pictures(s == 4 ? 5 : 8, s), 0.02f).Loss)];
    }

    [TestMethod]
    public async Task FoldedLayersStayFolded()
    {
        Model folded = TrainingModels.ConvNet(4, 2);        // as an export writes Conv and BatchNormalization
        using Trainer trainer = new(folded, Options with { Epochs = 1 });
        FitResult result = await trainer.FitAsync(Training, Validation);
        CollectionAssert.AreEqual(folded.Graph.Nodes.Select(n => n.OpType).Append("Softmax").ToArray(), result.Model.Graph.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(folded.Graph.Initializers.Select(i => $"{i}").ToArray(), result.Model.Graph.Initializers.Select(i => $"{i}").ToArray());
        StringAssert.Contains(result.Warnings.Single(), "folded");
        using Trainer frozen = new(folded, Options with { Epochs = 1, BatchNormalization = BatchNormalizationMode.Frozen });
        Assert.IsEmpty((await frozen.FitAsync(Training, Validation)).Warnings);
    }

    /// <summary>17 examples in batches of 8 leave one, which has no variance where a channel is one number.</summary>
    [TestMethod]
    public async Task OneExampleThatIsLeftJoinsTheBatchBefore()
    {
        Model model = NormalizedModels.AtTheInput([4], 2);
        InMemoryDataset data = InMemoryDataset.OfClasses(Shape.Of(4), TrainingModels.Numbers(17 * 4, 3), [.. Enumerable.Range(0, 17).Select(i => i % 2)], ["a", "b"]);
        List<TrainingProgress> reports = [];
        using Trainer trainer = new(model, Options with { BatchSize = 8, ValidationFraction = 0, Epochs = 3 });
        FitResult result = await trainer.FitAsync(data, progress: new Recorder(reports));
        Assert.AreEqual(StopReason.Completed, result.Stopped);
        Assert.AreEqual(6, reports[^1].Total);
        Assert.AreEqual(6, reports[^1].Done);
        using Trainer alone = new(model, Options with { BatchSize = 1 });
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<TrainingException>(() => alone.FitAsync(data))).Message, "one example");
    }

    private static void AssertInference(Model model)
    {
        foreach (Node node in model.Graph.Nodes.Where(n => n.OpType == "BatchNormalization"))
            Assert.AreEqual((1, 0L, 5), (node.Outputs.Count, node.Attributes.Int("training_mode"), node.Inputs.Count));
    }
}
