using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TrainerTests
{
    private static readonly string[] Names = ["small", "large"];

    private static readonly TrainerOptions Options = new() { Epochs = 10, BatchSize = 8, Threads = 1, Cache = FeatureCacheOptions.None, LearningRate = 0.05f, Trainable = Trainable.Matching("head*") };

    [TestMethod]
    [DataRow("head*", 0.2, true)]
    [DataRow("head.weight", 0.2, true)]
    [DataRow("head*", 0.2, false)]
    [DataRow("head*", 0.0, true)]
    [DataRow("all", 0.2, true)]
    [DataRow("all", 0.0, true)]
    public async Task ATrainedModelTellsTheClassesApart(string trainable, double held, bool refit)
    {
        Model model = TrainingModels.Mlp(4, 16, 2, dropout: 0.1f);
        using Trainer trainer = new(model, Options with { Epochs = 40, Trainable = Trainable.Parse(trainable), ValidationFraction = held, RefitOnAllExamples = refit });
        FitResult result = await trainer.FitAsync(Points(400, 1));
        Assert.AreEqual(StopReason.Completed, result.Stopped);
        Assert.HasCount(40, result.History);
        Assert.AreEqual(held > 0 ? 320 : 400, result.TrainingExamples);
        Assert.AreEqual(held > 0 ? 80 : 0, result.ValidationExamples);
        Assert.AreEqual(held > 0, result.ValidationAccuracy is not null);
        Assert.AreEqual(refit && held > 0 && trainable != "all", result.RefitEpochs is not null);
        Assert.IsGreaterThan(0.9, result.TrainAccuracy!.Value);
        EvaluationResult test = Evaluator.Evaluate(Model.Parse(result.Model.ToBytes()), Points(200, 2));
        Assert.IsGreaterThan(0.9, test.Accuracy!.Value);
        Assert.AreEqual(test.Accuracy.Value, test.Confusion.Accuracy, 1e-12);
        Assert.AreEqual(200, test.Count);
    }

    /// <summary>Class indices become rows of probabilities, and training is the same but for rounding.</summary>
    [TestMethod]
    [DataRow("head*")]
    [DataRow("all")]
    public async Task ALossOfClassProbabilitiesTakesClassIndices(string trainable)
    {
        TrainerOptions options = Options with { Epochs = 3, Trainable = Trainable.Parse(trainable) };
        using Trainer hard = new(TrainingModels.Mlp(4, 16, 2), options), soft = new(TrainingModels.Mlp(4, 16, 2), options with { Loss = new SoftmaxCrossEntropy { SoftTargets = true } });
        FitResult first = await hard.FitAsync(Points(60, 1)), second = await soft.FitAsync(Points(60, 1));
        foreach ((EpochResult a, EpochResult b) in first.History.Zip(second.History))
        {
            Assert.AreEqual(a.TrainLoss, b.TrainLoss, 1e-5);
            Assert.AreEqual(a.ValidationLoss!.Value, b.ValidationLoss!.Value, 1e-5);
            Assert.AreEqual(a.TrainAccuracy, b.TrainAccuracy);
            Assert.AreEqual(a.ValidationAccuracy, b.ValidationAccuracy);
        }
    }

    [TestMethod]
    public async Task FrozenWeightsAreTheVerySameAndNothingOfTrainingStays()
    {
        Model model = TrainingModels.Mlp(4, 16, 2, dropout: 0.1f);
        using Trainer trainer = new(model, Options);
        FitResult result = await trainer.FitAsync(Points(40, 1));
        Graph graph = result.Model.Graph;
        foreach (string name in new[] { "body.weight", "body.bias" })
            Assert.AreSame(model.Graph.Get(name).Data, graph.Get(name).Data);
        foreach (string name in new[] { "head.weight", "head.bias" })
            CollectionAssert.AreNotEqual(model.Graph.Get(name).Data!.ToFloats(), graph.Get(name).Data!.ToFloats());
        CollectionAssert.AreEqual(new[] { "Gemm", "Relu", "Gemm", "Softmax" }, graph.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(new[] { TunedModel.Probabilities }, graph.Outputs.Select(o => o.Name).ToArray());
        CollectionAssert.AreEqual(Names, result.Model.GetLabels()!.ToArray());
        Assert.AreEqual(2 * 16 + 2, result.TrainedParameters);
        Assert.AreEqual(4 * 16 + 16, result.FrozenParameters);
        CollectionAssert.AreEqual(new[] { "Gemm", "Relu", "Dropout", "Gemm" }, model.Graph.Nodes.Select(n => n.OpType).ToArray(), "the model given stays as it was");
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public async Task TheSameSeedGivesTheSameLossesToTheLastBit(int warmRuns)
    {
        using TestImages folder = new();
        TrainerOptions options = Options with { Cache = warmRuns > 0 ? new FeatureCacheOptions { Folder = folder.Path } : FeatureCacheOptions.None, Seed = 7 };
        List<FitResult> results = [];
        for (int run = 0; run < 2; run++)
        {
            using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2, dropout: 0.3f), options);
            results.Add(await trainer.FitAsync(Points(50, 1)));
        }
        CollectionAssert.AreEqual(results[0].History.ToArray(), results[1].History.ToArray());
        CollectionAssert.AreEqual(Head(results[0].Model), Head(results[1].Model));
        using Trainer other = new(TrainingModels.Mlp(4, 16, 2, dropout: 0.3f), options with { Seed = 8 });
        CollectionAssert.AreNotEqual(results[0].History.ToArray(), (await other.FitAsync(Points(50, 1))).History.ToArray());
    }

    [TestMethod]
    public async Task ASecondFitStartsAnew()
    {
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options);
        FitResult first = await trainer.FitAsync(Points(40, 1));
        FitResult second = await trainer.FitAsync(Points(40, 1));
        CollectionAssert.AreEqual(first.History.ToArray(), second.History.ToArray());
    }

    [TestMethod]
    public async Task ReportedAccuraciesAreThoseOfTheExportedModel()
    {
        InMemoryDataset training = Points(60, 1), validation = Points(40, 3);
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options with { Epochs = 2 });
        FitResult result = await trainer.FitAsync(training, validation);
        Assert.AreEqual(Evaluator.Evaluate(result.Model, training).Accuracy, result.TrainAccuracy);
        EvaluationResult validated = Evaluator.Evaluate(result.Model, validation);
        Assert.AreEqual(validated.Accuracy, result.ValidationAccuracy);
        Assert.AreEqual(result.History[result.BestEpoch - 1].ValidationLoss!.Value, validated.Loss, 1e-5);
    }

    /// <summary>Right answers of ten in the last epoch, early stopping, epochs of the refit. The best of five epochs is the second, with nine right: one standard error is 0.95 of an answer.</summary>
    [TestMethod]
    [DataRow(9, false, 5)]
    [DataRow(8, false, 2)]
    [DataRow(9, true, 2)]
    public async Task ARefitTakesTheWholeScheduleUnlessItsEndIsWorse(int right, bool early, int expected)
    {
        List<FakeEngine> engines = [];
        FakeEngine Make() => new()
        {
            ValidationLoss = steps => MathF.Abs(steps - 2),
            RightAnswers = steps => steps == 2 ? 9 : right,
        };
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options with
        {
            Epochs = 5, BatchSize = 100, ValidationFraction = 0.2, EarlyStoppingPatience = early ? 2 : null,
            Engine = new FakeTraining(() => { engines.Add(Make()); return engines[^1]; }),
        });
        await Assert.ThrowsExactlyAsync<GraphException>(() => trainer.FitAsync(Points(50, 1)), "the model has no 'theta' to put back");
        Assert.HasCount(2, engines);
        Assert.AreEqual(expected, engines[1].Steps);
        Assert.IsTrue(engines.TrueForAll(e => e.IsDisposed));
    }

    [TestMethod]
    public async Task ARefitIsATrainingOnAllExamples()
    {
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options);
        FitResult refitted = await trainer.FitAsync(Points(60, 1));
        using Trainer all = new(TrainingModels.Mlp(4, 16, 2), Options with { ValidationFraction = 0, Epochs = refitted.RefitEpochs!.Value });
        FitResult expected = await all.FitAsync(Points(60, 1));
        CollectionAssert.AreEqual(Head(expected.Model), Head(refitted.Model));
        Assert.AreEqual(expected.TrainAccuracy, refitted.TrainAccuracy);
        Assert.AreEqual(refitted.History[refitted.RefitEpochs.Value - 1].ValidationAccuracy, refitted.ValidationAccuracy);
    }

    [TestMethod]
    public async Task LabelsInAnotherOrderAreBroughtToTheModels()
    {
        InMemoryDataset turned = Points(40, 3, ["large", "small"]);
        using Trainer trainer = new(TrainingModels.Linear(4, 2), Options with { Epochs = 20 });
        FitResult result = await trainer.FitAsync(Points(80, 1), turned);
        Assert.IsGreaterThan(0.9, result.ValidationAccuracy!.Value);
        Assert.IsGreaterThan(0.9, Evaluator.Evaluate(result.Model, turned).Accuracy!.Value);
    }

    [TestMethod]
    public async Task ValuesAreLearnedWithoutAccuracy()
    {
        float[] inputs = TrainingModels.Numbers(400, 1);
        float[] targets = [.. inputs.Chunk(4).Select(x => x[0] - 2 * x[1] + 0.5f)];
        InMemoryDataset data = InMemoryDataset.OfValues(Shape.Of(4), inputs, targets, 1);
        using Trainer trainer = new(TrainingModels.Linear(4, 1), Options with { Epochs = 60 });
        FitResult result = await trainer.FitAsync(data);
        Assert.IsNull(result.TrainAccuracy);
        EvaluationResult evaluated = Evaluator.Evaluate(result.Model, data);
        Assert.IsNull(evaluated.Accuracy);
        Assert.IsLessThan(1e-2, evaluated.Loss);
    }

    [TestMethod]
    public async Task SeveralLabelsAtOnceAreLearned()
    {
        float[] inputs = TrainingModels.Numbers(800, 1);
        float[] targets = [.. inputs.Chunk(4).SelectMany(x => new[] { x[0] > 0 ? 1f : 0, x[1] > 0 ? 1f : 0 })];
        InMemoryDataset data = InMemoryDataset.OfValues(Shape.Of(4), inputs, targets, 2, "right", "up");
        using Trainer trainer = new(TrainingModels.Linear(4, 2), Options with { Epochs = 30 });
        FitResult result = await trainer.FitAsync(data);
        Assert.AreEqual("Sigmoid", result.Model.Graph.Outputs[0].Producer!.OpType);
        Assert.IsGreaterThan(0.9, Evaluator.Evaluate(result.Model, data).Accuracy!.Value);
    }

    [TestMethod]
    public async Task PicturesWithOneThatIsBroken()
    {
        using TestImages images = new TestImages().AddTwoClasses(20).AddFile("red/broken.png", [1, 2, 3]);
        ImageFolder folder = ImageFolder.Open(images.Path, ImagePreprocessing.ZeroToOne.WithSize(8, 8).WithGrey());
        List<TrainingProgress> reports = [];
        using Trainer trainer = new(TrainingModels.ConvNet(4, 2), Options);
        FitResult result = await trainer.FitAsync(folder, progress: new Recorder(reports));
        Assert.AreEqual(40, result.TrainingExamples + result.ValidationExamples);
        StringAssert.Contains(result.Unreadable.Single(), images["red/broken.png"]);
        Assert.HasCount(1, reports.Where(r => r.Warning is not null).ToArray());
        Assert.AreEqual(folder.Preprocessing, result.Model.GetPreprocessing());
        Assert.AreEqual(41, reports.Last(r => r.Phase == TrainingPhase.Features).Done);
        EvaluationResult evaluated = Evaluator.Evaluate(result.Model, folder);
        Assert.AreEqual(40, evaluated.Count);
        Assert.HasCount(1, evaluated.Unreadable);
    }

    [TestMethod]
    public async Task CancellationReturnsWhatWasLearned()
    {
        using CancellationTokenSource source = new();
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options with { Epochs = 100_000 });
        FitResult result = await trainer.FitAsync(Points(40, 1), progress: new Canceller(source), cancellationToken: source.Token);
        Assert.IsTrue(result.Cancelled);
        Assert.IsGreaterThanOrEqualTo(3, result.History.Count);
        Assert.IsNotNull(result.TrainAccuracy);
        Assert.AreEqual(40, Evaluator.Evaluate(result.Model, Points(40, 1)).Count);
    }

    [TestMethod]
    public async Task TheEngineIsTheOneAskedForAndIsDisposed()
    {
        FakeEngine? engine = null;
        using Trainer trainer = new(TrainingModels.Mlp(4, 16, 2), Options with { Engine = new FakeTraining(() => engine = new FakeEngine { TrainLoss = _ => float.NaN }) });
        await Assert.ThrowsExactlyAsync<TrainingException>(() => trainer.FitAsync(Points(40, 1)));
        Assert.IsTrue(engine!.IsDisposed);
    }

    [TestMethod]
    [DataRow("head", false, 1e-2f)]
    [DataRow("biases", false, 1e-3f)]
    [DataRow("normalization", false, 1e-3f)]
    [DataRow("blocks:2", false, 1e-4f)]
    [DataRow("all", false, 1e-4f)]
    [DataRow("all", true, 1e-3f)]
    public void TheUsualLearningRateFollowsWhatIsTrained(string trainable, bool sgd, float expected)
    {
        TrainerOptions options = new() { Trainable = Trainable.Parse(trainable), Optimizer = sgd ? new Sgd { Momentum = 0.9 } : null };
        Assert.AreEqual(expected, options.Resolve().LearningRate);
        Assert.AreEqual(0.5f, (options with { LearningRate = 0.5f }).Resolve().LearningRate);
    }

    [TestMethod]
    public void AllErrorsOfTheOptionsAreToldAtOnce()
    {
        TrainerOptions wrong = new()
        {
            Epochs = 0, LearningRate = -1, ValidationFraction = 0.9, Optimizer = new AdamW { Beta1 = 2 }, LayerDecay = 1.1f, LearningRateFactors = [new("*", -2)], Cache = new FeatureCacheOptions { MemoryLimit = -1 },
            BatchNormalization = (BatchNormalizationMode)7, Checkpointing = (ActivationCheckpointing)8,
        };
        ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => new Trainer(TrainingModels.Linear(4, 2), wrong));
        foreach (string name in new[] { "Epochs", "LearningRate", "ValidationFraction", "Beta1", "LayerDecay is 1.1", "LearningRateFactors for '*' is -2", "MemoryLimit", "BatchNormalization is 7; it must be Frozen or Batch.", "Checkpointing is 8; it must be None or Segments." })
            StringAssert.Contains(e.Message, name);
    }

    public static IEnumerable<object[]> Misfits() =>
    [
        ["inputs of another size", InMemoryDataset.OfClasses(Shape.Of(5), new float[10], [0, 1], Names), "[5]"],
        ["more classes than the head", InMemoryDataset.OfClasses(Shape.Of(4), new float[12], [0, 1, 2], ["a", "b", "c"]), "Attach a head of 3 classes"],
        ["one class", InMemoryDataset.OfClasses(Shape.Of(4), new float[8], [0, 0], ["a"]), "only the class 'a'"],
        ["no examples", InMemoryDataset.OfClasses(Shape.Of(4), new float[0], [], Names), "no examples"],
        ["values of another length", InMemoryDataset.OfValues(Shape.Of(4), new float[8], new float[6], 3), "Attach a head of 3 outputs"],
    ];

    [TestMethod, DynamicData(nameof(Misfits))]
    public async Task DataThatDoNotFitAreClearErrors(string name, IDataset data, string expected)
    {
        using Trainer trainer = new(TrainingModels.Linear(4, 2), Options);
        DatasetException e = await Assert.ThrowsExactlyAsync<DatasetException>(() => trainer.FitAsync(data), name);
        StringAssert.Contains(e.Message, expected);
    }

    [TestMethod]
    public async Task UnknownLabelsAreNamed()
    {
        using Trainer trainer = new(TrainingModels.Linear(4, 2), Options with { Epochs = 1 });
        FitResult result = await trainer.FitAsync(Points(20, 1));
        DatasetException e = Assert.ThrowsExactly<DatasetException>(() => Evaluator.Evaluate(result.Model, Points(20, 1, ["small", "huge"])));
        StringAssert.Contains(e.Message, "'huge'");
        StringAssert.Contains(e.Message, "'large'");
        await Assert.ThrowsExactlyAsync<DatasetException>(() => trainer.FitAsync(Points(20, 1), Points(20, 2, ["small", "huge"])));
    }

    /// <summary>Points of four coordinates; the class is whether the first two sum to more than 0 (in the order small, large).</summary>
    private static InMemoryDataset Points(int count, int seed, string[]? labels = null)
    {
        string[] names = labels ?? Names;
        float[] inputs = TrainingModels.Numbers(count * 4, seed);
        int[] classes = [.. inputs.Chunk(4).Select(x => x[0] + x[1] > 0 ? 1 : 0)];
        return InMemoryDataset.OfClasses(Shape.Of(4), inputs, names[0] == "large" ? Array.ConvertAll(classes, c => 1 - c) : classes, names);
    }

    private static float[] Head(Model model) => model.Graph.Get("head.weight").Data!.ToFloats();

    /// <summary>Cancels after three epochs.</summary>
    private sealed class Canceller(CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Completed?.Epoch == 3)
                source.Cancel();
        }
    }
}
