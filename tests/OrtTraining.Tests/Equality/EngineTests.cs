using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary><see cref="OrtTrainingEngine"/> itself, over the real runtime.</summary>
[TestClass]
public sealed class EngineTests
{
    public static IEnumerable<object[]> TrainedNetworks => [[Networks.Mlp], [Networks.NormalizedDropout]];

    /// <summary>Shuffling, a smaller last batch, evaluation, the best epoch's weights, then all anew on all examples.</summary>
    [TestMethod, DynamicData(nameof(TrainedNetworks))]
    public async Task ATrainersRunIsThatOfTheDefaultEngine(object row)
    {
        Network network = (Network)row;
        FitResult expected = await FitAsync(network, TrainingEngine.StepGraph), actual = await FitAsync(network, new WasmTraining());
        Assert.HasCount(expected.History.Count, actual.History);
        foreach ((EpochResult epoch, EpochResult same) in expected.History.Zip(actual.History))
        {
            Assert.AreEqual(epoch.TrainLoss, same.TrainLoss, Comparison.Tolerance, $"epoch {epoch.Epoch}");
            Assert.AreEqual(epoch.ValidationLoss!.Value, same.ValidationLoss!.Value, Comparison.Tolerance, $"epoch {epoch.Epoch}");
        }
        Assert.AreEqual(expected.BestEpoch, actual.BestEpoch);
        Assert.AreEqual(expected.ValidationAccuracy, actual.ValidationAccuracy);
        Assert.IsLessThan(expected.History[0].TrainLoss, expected.History[^1].TrainLoss);
        Comparison.AreEqual(Weights(expected.Model), Weights(actual.Model), "at the end");
    }

    [TestMethod]
    public void MicroBatchesAndAnImportedStateAreTheDefaultEnginesSteps()
    {
        StepCase run = new(Networks.Mlp, Trainable.All, Recipe.AdamW);
        TrainingGraph graph = run.Graph();
        Batch[] batches = run.Batches();
        using StepGraphEngine expected = run.Engine(graph);
        using OrtTrainingEngine engine = new(graph, new OrtTrainingEngineOptions { Optimizer = run.Recipe.Optimizer, AccumulationSteps = 3 }, WasmTrainingSession.Open);
        for (int step = 1; step <= 10; step++)
            expected.TrainStep(batches[step % batches.Length], 0.01f);
        engine.ImportState(expected.ExportState());
        for (int step = 11; step <= 50; step++)
        {
            Batch batch = batches[step % batches.Length];
            StepResult same = expected.TrainStep(batch, WasmTrainingSession.InitialRate), result = engine.TrainStep(batch, WasmTrainingSession.InitialRate);
            Assert.AreEqual(same.Loss, result.Loss, Comparison.Tolerance, $"loss of step {step}");
            for (int i = 0; i < same.Outputs.Length; i++)
                Assert.AreEqual(same.Outputs.Span[i], result.Outputs.Span[i], Comparison.Tolerance, $"output {i} of step {step}");
        }
        Comparison.AreEqual(expected.ExportParameters(), engine.ExportParameters(), "at the end");
        Assert.AreEqual(expected.Step, engine.Step);
    }

    private static async Task<FitResult> FitAsync(Network network, TrainingEngine engine)
    {
        Model model = network.Build();
        Batch[] batches = [.. Enumerable.Range(0, 6).Select(network.Batch)];
        float[] inputs = [.. batches.SelectMany(b => b.Inputs[0].ToArray())];
        int[] classes = [.. batches.SelectMany(b => b.Targets.ToArray()).Select(t => (int)t)];
        Shape shape = new([.. model.Graph.FeedInputs.Single().Shape!.Skip(1)]);
        InMemoryDataset dataset = InMemoryDataset.OfClasses(shape, inputs, classes, [.. Enumerable.Range(0, classes.Max() + 1).Select(c => $"class {c}")]);
        using Trainer trainer = new(model, new TrainerOptions
        {
            Engine = engine,
            Trainable = Trainable.All,
            Epochs = 5,
            BatchSize = 10,
            LearningRate = WasmTrainingSession.InitialRate,
            Schedule = new ConstantSchedule(),
            Threads = 1,
        });
        return await trainer.FitAsync(dataset);
    }

    private static Dictionary<string, TensorData> Weights(Model model) => Parameters.Of(model).ToDictionary(p => p.Name, p => p.Data!);
}
