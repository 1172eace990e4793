using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The choice of engines, on the ordinary native library.</summary>
[TestClass]
public sealed class TrainingEngineTests
{
    private static readonly string[] Labels = ["small", "large"];

    [TestMethod]
    public void EachEngineSaysWhetherItCanRunHere()
    {
        SkipOnTrainingBuild();
        CollectionAssert.AreEqual((string[])["step-graph", "ort-training"], TrainingEngine.All.Select(e => e.Name).ToArray());
        Assert.IsTrue(TrainingEngine.StepGraph.IsAvailable);
        Assert.IsNull(TrainingEngine.StepGraph.Reason);
        Assert.IsFalse(TrainingEngine.OrtTraining.IsAvailable);
        IsTheSentence(TrainingEngine.OrtTraining.Reason!);
        Assert.IsTrue(TrainingEngine.All.All(e => e.Description.EndsWith('.')));
    }

    [TestMethod]
    public void TheEngineOfTheTrainingApiFailsAtOnceWithoutItsLibrary()
    {
        SkipOnTrainingBuild();
        TrainingGraph graph = EngineTask.All[0].Graph();
        IsTheSentence(Assert.ThrowsExactly<TrainingException>(() => new OrtTrainingEngine(graph)).Message);
        IsTheSentence(Assert.ThrowsExactly<TrainingException>(() => TrainingEngine.OrtTraining.Create(graph, new TrainerOptions().Resolve())).Message);
        IsTheSentence(Assert.ThrowsExactly<TrainingException>(() => new NativeTrainingSession("nowhere", 0)).Message);
    }

    [TestMethod]
    public void ATrainerRefusesAnEngineThatCannotRunBeforeItTouchesTheData()
    {
        SkipOnTrainingBuild();
        Model model = TrainingModels.Mlp(4, 16, 2);
        IsTheSentence(Assert.ThrowsExactly<TrainingException>(() => new Trainer(model, new TrainerOptions { Engine = TrainingEngine.OrtTraining })).Message);
        FakeTraining other = new(() => throw new NotSupportedException(), "It is Sunday.");
        Assert.AreEqual("It is Sunday.", Assert.ThrowsExactly<TrainingException>(() => new Trainer(model, new TrainerOptions { Engine = other })).Message);
    }

    [TestMethod]
    public void WhatAnEngineCannotDoIsAmongTheErrorsOfTheOptions()
    {
        TrainerOptions wrong = new() { Engine = TrainingEngine.OrtTraining, Optimizer = new Sgd { Momentum = 0.9 }, Epochs = 0 };
        IReadOnlyList<string> errors = wrong.Validate();
        Assert.HasCount(2, errors);
        StringAssert.Contains(errors[1], "SGD without momentum");
        Assert.HasCount(1, (wrong with { Engine = TrainingEngine.StepGraph }).Validate());
    }

    [TestMethod]
    [DataRow("head*", 0.1f)]
    [DataRow("all", 0f)]
    public async Task ATrainerGetsTheSameFromBothEngines(string trainable, float dropout)
    {
        TrainerOptions options = new()
        {
            Epochs = 6, BatchSize = 8, Threads = 1, Cache = FeatureCacheOptions.None, LearningRate = 0.02f, Trainable = Trainable.Parse(trainable), ClipNorm = 1, ValidationFraction = 0.2,
        };
        FitResult expected = await Fit(options), actual = await Fit(options with { Engine = new OrtTraining(f => new SimulatedTrainingSession(f)) });
        Assert.HasCount(6, actual.History);
        Assert.AreEqual(expected.BestEpoch, actual.BestEpoch);
        Assert.AreEqual(expected.RefitEpochs, actual.RefitEpochs);
        foreach ((EpochResult e, EpochResult a) in expected.History.Zip(actual.History))
        {
            Assert.AreEqual(e.TrainLoss, a.TrainLoss, 1e-5, $"epoch {e.Epoch}");
            Assert.AreEqual(e.ValidationLoss!.Value, a.ValidationLoss!.Value, 1e-5, $"epoch {e.Epoch}");
        }
        foreach (Value weight in expected.Model.Graph.Initializers)
            foreach ((float e, float a) in weight.Data!.ToFloats().Zip(actual.Model.Graph.Get(weight.Name).Data!.ToFloats()))
                Assert.AreEqual(e, a, 1e-5, weight.Name);

        async Task<FitResult> Fit(TrainerOptions o)
        {
            using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2, dropout), o);
            float[] inputs = TrainingModels.Numbers(100 * 4, 1);
            return await trainer.FitAsync(InMemoryDataset.OfClasses(Shape.Of(4), inputs, [.. inputs.Chunk(4).Select(x => x[0] + x[1] > 0 ? 1 : 0)], Labels));
        }
    }

    private static void SkipOnTrainingBuild()
    {
        if (OrtTrainingLibrary.Reason is null)
            throw new AssertInconclusiveException("The native library is a training build, so nothing is missing.");
    }

    private static void IsTheSentence(string message)
    {
        StringAssert.Contains(message, "Microsoft.ML.OnnxRuntime.Training 1.19.2");
        StringAssert.Contains(message, "-p:OnnxRuntimeTraining=true");
        Assert.IsTrue(message.EndsWith('.') && !message.Contains(". ") && !message.Contains('\n'), "one sentence");
    }
}
