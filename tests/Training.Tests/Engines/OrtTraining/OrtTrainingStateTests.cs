using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Checkpoints, states, buffers and models that go in and out of the engine.</summary>
[TestClass]
public sealed class OrtTrainingStateTests
{
    private const float Rate = EngineComparison.Rate;

    public static IEnumerable<object[]> Tasks => EngineTask.All.Select(t => new object[] { t });

    private static EngineTask Linear => EngineTask.All[0];

    private static EngineTask OverFrozenLayers => EngineTask.All.Single(t => t.Name == "MLP, head over frozen layers");

    [TestMethod, DynamicData(nameof(Tasks))]
    public void ACheckpointAfterHalfTheStepsGoesOnToTheSameParameters(EngineTask task)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("onnxft-test-").FullName, "half");
        using OrtTrainingEngine whole = task.OrtTraining(), half = task.OrtTraining(), rest = task.OrtTraining();
        EngineComparison.Train(whole, task, 0, 50);
        EngineComparison.Train(half, task, 0, 25);
        half.SaveCheckpoint(path);
        rest.LoadCheckpoint(path);
        Assert.AreEqual(25, rest.Step);
        EngineComparison.Train(rest, task, 25, 50);
        EngineComparison.AreEqual(whole.ExportParameters(), rest.ExportParameters(), 0);
        half.SaveCheckpoint(path, optimizerState: false);
        rest.LoadCheckpoint(path);
        Assert.AreEqual(0, rest.Step, "no optimizer's state");
        EngineComparison.AreEqual(half.ExportParameters(), rest.ExportParameters(), 0);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [TestMethod, DynamicData(nameof(Tasks))]
    public void AStateMovesBetweenTheEnginesAndBack(EngineTask task)
    {
        using StepGraphEngine whole = task.StepGraph(), first = task.StepGraph(), last = task.StepGraph();
        using OrtTrainingEngine middle = task.OrtTraining();
        EngineComparison.Train(whole, task, 0, 45);
        EngineComparison.Train(first, task, 0, 15);
        middle.ImportState(first.ExportState());
        Assert.AreEqual(15, middle.Step);
        EngineComparison.Train(middle, task, 15, 30);
        last.ImportState(middle.ExportState());
        Assert.AreEqual(30, last.Step);
        EngineComparison.Train(last, task, 30, 45);
        EngineComparison.AreEqual(whole.ExportParameters(), last.ExportParameters(), 1e-5);
    }

    [TestMethod]
    public void AStateBeforeTheFirstStepIsAStateToo()
    {
        using OrtTrainingEngine fresh = Linear.OrtTraining(), other = Linear.OrtTraining();
        using StepGraphEngine expected = Linear.StepGraph();
        EngineState state = fresh.ExportState();
        Assert.AreEqual(0, state.Step);
        CollectionAssert.AreEquivalent(expected.ExportState().OptimizerState.Keys.ToArray(), state.OptimizerState.Keys.ToArray());
        EngineComparison.Train(other, Linear, 0, 5);
        other.ImportState(state);
        EngineComparison.Compare(expected, other, Linear, 5);
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
        EngineComparison.Compare(full, nominal, task, 20);
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
        EngineComparison.Train(engine, OverFrozenLayers, 0, 3);
        CollectionAssert.AreNotEqual(trained, engine.ToBuffer());
        engine.FromBuffer(trained);
        EngineComparison.AreEqual(start, engine.ExportParameters(), 0);
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
        EngineComparison.Train(engine, task, 0, 3);
        other.ImportState(engine.ExportState());
        CollectionAssert.AreEqual(frozen, Frozen(other));
        EngineComparison.AreEqual(engine.ExportParameters(), other.ExportParameters(), 0);

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
        EngineComparison.Train(engine, task, 0, 5);
        engine.ExportInferenceModel(path);
        Model model = Model.Load(path);
        Batch batch = task.Batches[0];
        Value input = model.Graph.FeedInputs.Single();
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [input.Name] = TensorData.FromFloats(batch.Inputs[0].Span, batch.Count, task.Features) });
        CollectionAssert.AreEqual(engine.Evaluate(batch).Outputs.ToArray(), results.Values.Single().ToFloats());
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
}
