using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class HeadFirstTests
{
    private static readonly string[] Names = ["small", "large"];

    private static readonly TrainerOptions Options = new()
    {
        Epochs = 3, BatchSize = 8, Threads = 1, Cache = FeatureCacheOptions.None, LearningRate = 0.01f, Trainable = Trainable.All, HeadFirst = new HeadFirst { Epochs = 4, LearningRate = 0.05f },
    };

    [TestMethod]
    public async Task TheHeadIsTrainedAsAlone()
    {
        FitResult alone = await FitAsync(Options with { Trainable = Trainable.Head, HeadFirst = null, Epochs = 4, LearningRate = 0.05f, RefitOnAllExamples = false });
        FitResult both = await FitAsync(Options with { LearningRate = 1e-12f });
        CollectionAssert.AreEqual(alone.History.ToArray(), both.HeadHistory.ToArray());
        Assert.HasCount(3, both.History);
        float[] expected = Weights(alone, "head.weight"), actual = Weights(both, "head.weight");
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6, "all layers go on from that head");
        Assert.AreEqual(alone.ValidationAccuracy, both.ValidationAccuracy);
        Assert.AreEqual(4 * 16 + 16 + 2 * 16 + 2, both.TrainedParameters);
    }

    [TestMethod]
    public async Task ThenEverythingSelectedLearns()
    {
        FitResult result = await FitAsync(Options with { Epochs = 30 });
        CollectionAssert.AreNotEqual(TrainingModels.Mlp(4, 16, 2).Graph.Get("body.weight").Data!.ToFloats(), Weights(result, "body.weight"));
        Assert.IsGreaterThan(0.9, result.ValidationAccuracy!.Value);
        Assert.IsLessThan(result.HeadHistory[^1].ValidationLoss!.Value, result.History[^1].ValidationLoss!.Value);
    }

    [TestMethod]
    public async Task PhasesAreReportedInTurnAndARefitStartsFromTheSameHead()
    {
        float[] pixels = TrainingModels.Numbers(60 * 192, 1);
        InMemoryDataset data = InMemoryDataset.OfClasses(Shape.Of(3, 8, 8), pixels, [.. pixels.Chunk(192).Select(p => p.Sum() > 0 ? 1 : 0)], Names);
        Model model = BlockModels.Fire().Edit().RemoveClassifier().Attach(new LinearHead(2)).Build();
        List<TrainingProgress> reports = [];
        using Trainer trainer = new(model, Options with { Trainable = Trainable.LastBlocks(1), ValidationFraction = 0.2 });
        FitResult result = await trainer.FitAsync(data, progress: new Recorder(reports));
        TrainingPhase[] phases = [.. reports.Select(r => r.Phase).Aggregate(new List<TrainingPhase>(), (list, p) => list.Count > 0 && list[^1] == p ? list : [.. list, p])];
        CollectionAssert.AreEqual(new[] { TrainingPhase.Features, TrainingPhase.Head, TrainingPhase.Features, TrainingPhase.Training, TrainingPhase.Refitting }, phases);
        Assert.HasCount(4, reports.Where(r => r is { Phase: TrainingPhase.Head, Completed: not null }).ToArray());
        Assert.IsNotNull(result.RefitEpochs);
        FitResult again = await trainer.FitAsync(data);
        CollectionAssert.AreEqual(result.History.ToArray(), again.History.ToArray(), "a second run starts anew");
    }

    [TestMethod]
    [DataRow(2, 2)]
    [DataRow(4, 4)]
    public async Task ACancelledRunKeepsTheHead(int cancelAfter, int epochs)
    {
        using CancellationTokenSource source = new();
        FitResult result = await FitAsync(Options, new Canceller(source, cancelAfter), source.Token);
        Assert.AreEqual(StopReason.Cancelled, result.Stopped);
        Assert.HasCount(epochs, result.HeadHistory);
        Assert.IsEmpty(result.History);
        Assert.AreEqual(2 * 16 + 2, result.TrainedParameters);
        Assert.IsNotNull(result.ValidationAccuracy);
        Model model = TrainingModels.Mlp(4, 16, 2);
        CollectionAssert.AreEqual(model.Graph.Get("body.weight").Data!.ToFloats(), Weights(result, "body.weight"));
        CollectionAssert.AreNotEqual(model.Graph.Get("head.weight").Data!.ToFloats(), Weights(result, "head.weight"));
    }

    [TestMethod]
    public async Task ARestThatDivergesAtOnceKeepsTheHead()
    {
        FitResult result = await FitAsync(Options with { LearningRate = 1e30f, Optimizer = new Sgd(), HeadFirst = Options.HeadFirst! });
        Assert.AreEqual(StopReason.Diverged, result.Stopped);
        StringAssert.Contains(result.Warnings.Single(), "the head that was trained first is kept");
        Assert.HasCount(4, result.HeadHistory);
        Assert.IsTrue(Weights(result, "head.weight").All(float.IsFinite));
    }

    [TestMethod]
    public async Task PicturesThatCannotBeReadAreLeftOutOfBothPhases()
    {
        using TestImages images = new TestImages().AddTwoClasses(20).AddFile("red/0broken.png", [1, 2, 3]);
        ImageFolder folder = ImageFolder.Open(images.Path, ImagePreprocessing.ZeroToOne.WithSize(8, 8).WithGrey());
        using Trainer trainer = new(TrainingModels.ConvNet(4, 2), Options with { ValidationFraction = 0.2 });
        FitResult result = await trainer.FitAsync(folder);
        Assert.AreEqual(32, result.TrainingExamples, "unreadable ones are known from the first phase");
        Assert.AreEqual(8, result.ValidationExamples);
        Assert.HasCount(1, result.Unreadable);
    }

    [TestMethod]
    public async Task ASelectionWithoutTheHeadIsAnError()
    {
        GraphException e = await Assert.ThrowsExactlyAsync<GraphException>(() => FitAsync(Options with { Trainable = Trainable.Matching("body*") }));
        StringAssert.Contains(e.Message, "'body*' does not select its parameter 'head.weight'");
        ArgumentException a = Assert.ThrowsExactly<ArgumentException>(() => new Trainer(TrainingModels.Mlp(4, 16, 2), Options with { Trainable = Trainable.Head, HeadFirst = new HeadFirst { Epochs = 0, LearningRate = 0 } }));
        foreach (string part in new[] { "HeadFirst trains the head before the rest", "HeadFirst.Epochs is 0", "HeadFirst.LearningRate is 0" })
            StringAssert.Contains(a.Message, part);
    }

    private static async Task<FitResult> FitAsync(TrainerOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        float[] inputs = TrainingModels.Numbers(100 * 4, 1);
        InMemoryDataset data = InMemoryDataset.OfClasses(Shape.Of(4), inputs, [.. inputs.Chunk(4).Select(x => x[0] + x[1] > 0 ? 1 : 0)], Names);
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), options);
        return await trainer.FitAsync(data, progress: progress, cancellationToken: cancellation);
    }

    private static float[] Weights(FitResult result, string name) => result.Model.Graph.Get(name).Data!.ToFloats();

    /// <summary>Cancels after so many epochs of the head.</summary>
    private sealed class Canceller(CancellationTokenSource source, int epochs) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is { Phase: TrainingPhase.Head, Completed: { } epoch } && epoch.Epoch == epochs)
                source.Cancel();
        }
    }
}
