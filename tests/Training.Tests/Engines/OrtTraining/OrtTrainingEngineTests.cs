using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class OrtTrainingEngineTests
{
    private const float Rate = 0.02f;

    public static IEnumerable<object[]> Tasks => EngineTask.All.Select(t => new object[] { t });

    public static IEnumerable<object[]> TasksWithoutDropout => EngineTask.All.Where(t => !t.Name.Contains("Dropout")).Select(t => new object[] { t });

    private static EngineTask Linear => EngineTask.All[0];

    private static EngineTask OverFrozenLayers => EngineTask.All.Single(t => t.Name == "MLP, head over frozen layers");

    [TestMethod, DynamicData(nameof(Tasks))]
    public void FiftyStepsAreThoseOfTheDefaultEngine(EngineTask task)
    {
        using StepGraphEngine expected = task.StepGraph();
        using OrtTrainingEngine actual = task.OrtTraining();
        Compare(expected, actual, task, 50);
        Assert.AreEqual(50, actual.Step);
    }

    [TestMethod, DynamicData(nameof(TasksWithoutDropout))]
    public void MicroBatchesAddUpToTheirUnion(EngineTask task)
    {
        using OrtTrainingEngine expected = task.OrtTraining(), actual = task.OrtTraining(accumulationSteps: 4);
        Compare(expected, actual, task, 50);          // of 4·4, of 2 + 2 + 2 + 1, and of a single example
    }

    [TestMethod, DynamicData(nameof(Tasks))]
    public void ACheckpointAfterHalfTheStepsGoesOnToTheSameParameters(EngineTask task)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("onnxft-test-").FullName, "half");
        using OrtTrainingEngine whole = task.OrtTraining(), half = task.OrtTraining(), rest = task.OrtTraining();
        Train(whole, task, 0, 50);
        Train(half, task, 0, 25);
        half.SaveCheckpoint(path);
        rest.LoadCheckpoint(path);
        Assert.AreEqual(25, rest.Step);
        Train(rest, task, 25, 50);
        AreEqual(whole.ExportParameters(), rest.ExportParameters(), 0);
        half.SaveCheckpoint(path, optimizerState: false);
        rest.LoadCheckpoint(path);
        Assert.AreEqual(0, rest.Step, "no optimizer's state");
        AreEqual(half.ExportParameters(), rest.ExportParameters(), 0);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [TestMethod, DynamicData(nameof(Tasks))]
    public void AStateMovesBetweenTheEnginesAndBack(EngineTask task)
    {
        using StepGraphEngine whole = task.StepGraph(), first = task.StepGraph(), last = task.StepGraph();
        using OrtTrainingEngine middle = task.OrtTraining();
        Train(whole, task, 0, 45);
        Train(first, task, 0, 15);
        middle.ImportState(first.ExportState());
        Assert.AreEqual(15, middle.Step);
        Train(middle, task, 15, 30);
        last.ImportState(middle.ExportState());
        Assert.AreEqual(30, last.Step);
        Train(last, task, 30, 45);
        AreEqual(whole.ExportParameters(), last.ExportParameters(), 1e-5);
    }

    [TestMethod]
    public void AStateBeforeTheFirstStepIsAStateToo()
    {
        using OrtTrainingEngine fresh = Linear.OrtTraining(), other = Linear.OrtTraining();
        using StepGraphEngine expected = Linear.StepGraph();
        EngineState state = fresh.ExportState();
        Assert.AreEqual(0, state.Step);
        CollectionAssert.AreEquivalent(expected.ExportState().OptimizerState.Keys.ToArray(), state.OptimizerState.Keys.ToArray());
        Train(other, Linear, 0, 5);
        other.ImportState(state);
        Compare(expected, other, Linear, 5);
    }

    [TestMethod]
    public void ANominalCheckpointWithTheWeightsCopiedInIsAFullOne()
    {
        EngineTask task = OverFrozenLayers;
        string folder = Directory.CreateTempSubdirectory("onnxft-test-").FullName;
        TrainingArtifacts.Build(task.Graph(), new ArtifactOptions { Optimizer = task.Optimizer, Nominal = true }).Save(folder);
        using OrtTrainingEngine full = task.OrtTraining(), nominal = task.OrtTraining();
        float[] weights = full.ToBuffer(trainableOnly: false);
        nominal.LoadCheckpoint(Path.Combine(folder, TrainingArtifacts.CheckpointFile));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => nominal.TrainStep(task.Batches[0], Rate)).Message, "nominal");
        Assert.ThrowsExactly<InvalidOperationException>(() => nominal.Evaluate(task.Batches[0]));
        Assert.ThrowsExactly<InvalidOperationException>(() => nominal.FromBuffer(full.ToBuffer()));
        nominal.FromBuffer(weights, trainableOnly: false);
        Compare(full, nominal, task, 20);
        Directory.Delete(folder, recursive: true);
    }

    [TestMethod]
    public void BuffersHoldTheParametersInTheOrderOfTheTrainingModel()
    {
        using OrtTrainingEngine engine = OverFrozenLayers.OrtTraining();
        IReadOnlyDictionary<string, TensorData> start = engine.ExportParameters();
        float[] trained = engine.ToBuffer(), all = engine.ToBuffer(trainableOnly: false);
        CollectionAssert.AreEqual(start.Values.SelectMany(p => p.ToFloats()).ToArray(), trained);
        CollectionAssert.AreEquivalent(OverFrozenLayers.Model.Graph.Initializers.SelectMany(p => p.Data!.ToFloats()).ToArray(), all);
        Train(engine, OverFrozenLayers, 0, 3);
        CollectionAssert.AreNotEqual(trained, engine.ToBuffer());
        engine.FromBuffer(trained);
        AreEqual(start, engine.ExportParameters(), 0);
        engine.FromBuffer(new float[all.Length], trainableOnly: false);
        Assert.IsTrue(Array.TrueForAll(engine.ToBuffer(trainableOnly: false), v => v == 0));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => engine.FromBuffer(all)).Message, $"{all.Length} elements, but the trained parameters take {trained.Length}");
    }

    [TestMethod]
    public void FrozenParametersStayAsTheyWereWhenAStateIsImported()
    {
        EngineTask task = OverFrozenLayers;
        using OrtTrainingEngine engine = task.OrtTraining(), other = task.OrtTraining();
        other.FromBuffer([.. other.ToBuffer(trainableOnly: false).Select(v => v * 2)], trainableOnly: false);
        float[] frozen = Frozen(other);
        Train(engine, task, 0, 3);
        other.ImportState(engine.ExportState());
        CollectionAssert.AreEqual(frozen, Frozen(other));
        AreEqual(engine.ExportParameters(), other.ExportParameters(), 0);

        static float[] Frozen(OrtTrainingEngine e) => e.ToBuffer(trainableOnly: false)[e.ToBuffer().Length..];
    }

    [TestMethod]
    public void SomeParametersAreReplacedByName()
    {
        using OrtTrainingEngine engine = Linear.OrtTraining();
        float[] weight = engine.ExportParameters()["head.weight"].ToFloats();
        engine.ImportParameters(new Dictionary<string, TensorData> { ["head.bias"] = TensorData.FromFloats([1, 2, 3], 3) });
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, engine.ExportParameters()["head.bias"].ToFloats());
        CollectionAssert.AreEqual(weight, engine.ExportParameters()["head.weight"].ToFloats());
    }

    [TestMethod]
    public void TheExportedModelGivesTheOutputsOfTheEvaluation()
    {
        EngineTask task = OverFrozenLayers;
        string path = Path.Combine(Directory.CreateTempSubdirectory("onnxft-test-").FullName, "tuned.onnx");
        using OrtTrainingEngine engine = task.OrtTraining();
        Train(engine, task, 0, 5);
        engine.ExportInferenceModel(path);
        Model model = Model.Load(path);
        Batch batch = task.Batches[0];
        Value input = model.Graph.FeedInputs.Single();
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [input.Name] = TensorData.FromFloats(batch.Inputs[0].Span, batch.Count, task.Features) });
        CollectionAssert.AreEqual(engine.Evaluate(batch).Outputs.ToArray(), results.Values.Single().ToFloats());
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [TestMethod]
    public void TheScheduleOfTheRuntimeSetsTheRates()
    {
        float[] expected = [0, 0.05f, 0.1f, 0.1f * 2 / 3, 0.1f / 3, 0];
        using OrtTrainingEngine scheduled = Linear.OrtTraining(), given = Linear.OrtTraining();
        string path = Path.Combine(Directory.CreateTempSubdirectory("onnxft-test-").FullName, "third");
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.TrainStep(Linear.Batches[0]));
        scheduled.RegisterLinearSchedule(2, 5, 0.1f);
        for (int step = 0; step < expected.Length; step++)
        {
            if (step == 3)
            {
                scheduled.SaveCheckpoint(path);
                scheduled.LoadCheckpoint(path);
            }
            scheduled.TrainStep(Linear.Batches[0]);
            given.TrainStep(Linear.Batches[0], expected[step]);
            AreEqual(given.ExportParameters(), scheduled.ExportParameters(), 1e-6);
        }
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.TrainStep(Linear.Batches[0], 0.1f));
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.RegisterLinearSchedule(0, 5, 0.1f));
        Assert.ThrowsExactly<ArgumentException>(() => given.RegisterLinearSchedule(6, 5, 0.1f));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [TestMethod]
    public void WhatDoesNotFitIsRefusedAndChangesNothing()
    {
        string folder = Directory.CreateTempSubdirectory("onnxft-test-").FullName;
        string path = Path.Combine(folder, "checkpoint");
        using OrtTrainingEngine engine = Linear.OrtTraining(), frozen = OverFrozenLayers.OrtTraining();
        using StepGraphEngine sgd = EngineTask.All[1].StepGraph();
        float[] before = engine.ToBuffer();
        frozen.SaveCheckpoint(path);
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => engine.LoadCheckpoint(path)).Message, "'head.weight' as Float [3, 16]");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => engine.LoadCheckpoint(Path.Combine(folder, "none"))).Message, "no checkpoint file");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportState(sgd.ExportState())).Message, "another optimizer");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportState(frozen.ExportState())).Message, "Float [3, 12] here");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportParameters(new Dictionary<string, TensorData> { ["head.wait"] = TensorData.Scalar(1f) })).Message, "'head.weight'");
        Assert.ThrowsExactly<ArgumentException>(() => engine.TrainStep(Linear.Batches[0] with { Inputs = [new float[3]] }, Rate));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => engine.Evaluate(new Batch(0, [new float[0]], new float[0])));
        CollectionAssert.AreEqual(before, engine.ToBuffer());
        Directory.Delete(folder, recursive: true);
    }

    [TestMethod]
    public void OptionsAreCheckedAllAtOnce()
    {
        OrtTrainingEngineOptions wrong = new() { Optimizer = new Sgd { Momentum = 0.9 }, Clipping = new GradientClipping { MaxNorm = 0 }, AccumulationSteps = 0, Threads = -1 };
        Assert.HasCount(4, wrong.Validate());
        ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => new OrtTrainingEngine(Linear.Graph(), wrong, _ => throw new InvalidOperationException()));
        foreach (string name in new[] { "momentum", "MaxNorm", "AccumulationSteps", "Threads" })
            StringAssert.Contains(e.Message, name);
        Assert.IsEmpty(new OrtTrainingEngineOptions().Validate());
    }

    [TestMethod]
    public void TheTemporaryFolderIsRemoved()
    {
        string? folder = null;
        OrtTrainingEngine engine = Linear.OrtTraining(open: f => new SimulatedTrainingSession(folder = f));
        Assert.IsTrue(Directory.Exists(folder));
        engine.ExportState();
        engine.Dispose();
        engine.Dispose();
        Assert.IsFalse(Directory.Exists(folder));
        Assert.ThrowsExactly<NotSupportedException>(() => Linear.OrtTraining(open: f => throw new NotSupportedException(folder = f)));
        Assert.IsFalse(Directory.Exists(folder), "nor does a failed opening leave it");
    }

    private static void Compare(ITrainingEngine expected, ITrainingEngine actual, EngineTask task, int steps)
    {
        Batch[] batches = task.Batches;
        for (int step = 0; step < steps; step++)
        {
            Batch batch = batches[step % batches.Length];
            StepResult e = expected.TrainStep(batch, Rate), a = actual.TrainStep(batch, Rate);
            Assert.AreEqual(e.Loss, a.Loss, 1e-5, $"loss of step {step}");
            AreEqual(e.Outputs.Span, a.Outputs.Span, 1e-5, $"outputs of step {step}");
            if (step % 10 == 9)
                Assert.AreEqual(expected.Evaluate(batch).Loss, actual.Evaluate(batch).Loss, 1e-5, $"evaluation after step {step}");
        }
        AreEqual(expected.ExportParameters(), actual.ExportParameters(), 1e-5);
    }

    private static void Train(ITrainingEngine engine, EngineTask task, int from, int to)
    {
        Batch[] batches = task.Batches;
        for (int step = from; step < to; step++)
            engine.TrainStep(batches[step % batches.Length], Rate);
    }

    private static void AreEqual(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual, double tolerance)
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach ((string name, TensorData data) in expected)
            AreEqual(data.Span<float>(), actual[name].Span<float>(), tolerance, name);
    }

    private static void AreEqual(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance, $"{what}, element {i}");
    }
}
