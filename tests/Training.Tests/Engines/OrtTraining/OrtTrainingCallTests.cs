using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>What the engine asks a training session for, and in which order.</summary>
[TestClass]
public sealed class OrtTrainingCallTests
{
    private static readonly EngineTask Mlp = new("MLP with Dropout", TrainingModels.Mlp(4, 8, 3, dropout: 0.5f), 4, ["body.weight", "head.bias"], new AdamW());

    private static readonly Batch Five = TrainingTask.Classification(5, 4, 3, 1);

    [TestMethod]
    public void AStepResetsRunsSetsTheRateAndUpdates()
    {
        List<string> calls = [];
        using OrtTrainingEngine engine = Engine(calls);
        engine.TrainStep(Five, 0.5f);
        engine.TrainStep(Five, 0.25f);
        engine.Evaluate(Five);
        CollectionAssert.AreEqual((string[])
        [
            "reset", "train x Float [5, 4], targets Int64 [5], dropout_step 0", "rate 0.5", "update",
            "reset", "train x Float [5, 4], targets Int64 [5], dropout_step 1", "rate 0.25", "update",
            "evaluate x Float [5, 4], targets Int64 [5]",
        ], calls);
    }

    [TestMethod]
    public void MicroBatchesAreWeighedByTheirShareAndUpdateOnce()
    {
        List<string> calls = [];
        using OrtTrainingEngine engine = Engine(calls, accumulationSteps: 2);
        engine.TrainStep(Five, 0.5f);
        engine.TrainStep(new Batch(1, [Five.Inputs[0][..4]], Five.Targets[..1]), 0.5f);
        CollectionAssert.AreEqual((string[])
        [
            "reset", "train x Float [3, 4], targets Int64 [3], dropout_step 0, gradient_weight 0.6", "train x Float [2, 4], targets Int64 [2], dropout_step 1, gradient_weight 0.4", "rate 0.5", "update",
            "reset", "train x Float [1, 4], targets 1, dropout_step 2, gradient_weight 1", "rate 0.5", "update",
        ], calls.Select(c => c.Replace($"targets {(int)Five.Targets.Span[0]},", "targets 1,")).ToArray());
    }

    [TestMethod]
    public void AScheduleTakesTheRatesPlace()
    {
        List<string> calls = [];
        using OrtTrainingEngine engine = Engine(calls);
        engine.RegisterLinearSchedule(1, 4, 0.125f);
        engine.TrainStep(Five);
        CollectionAssert.AreEqual((string[])["register 1 4 0.125", "reset", "train x Float [5, 4], targets Int64 [5], dropout_step 0", "schedule", "update"], calls);
    }

    [TestMethod]
    public void AnImportedStateOpensANewSessionBeforeTheOldOneGoes()
    {
        List<string> calls = [];
        using OrtTrainingEngine engine = Engine(calls), other = Engine([]);
        engine.RegisterLinearSchedule(1, 4, 0.125f);
        EngineState state = other.ExportState();
        calls.Clear();
        engine.ImportState(state);
        CollectionAssert.AreEqual((string[])["to buffer", "open", "dispose", "register 1 4 0.125"], calls);
        engine.Dispose();
        Assert.AreEqual(2, calls.Count(c => c == "dispose"));
    }

    [TestMethod]
    public void AStepThatFailsLeavesNoGradientsBehind()
    {
        List<string> calls = [];
        int trained = 0;
        using OrtTrainingEngine engine = Mlp.OrtTraining(4, f => new RecordingTrainingSession(new SimulatedTrainingSession(f), calls) { BeforeTraining = () => { if (++trained == 2) throw new TimeoutException(); } });
        using OrtTrainingEngine fresh = Mlp.OrtTraining(4);
        Assert.ThrowsExactly<TimeoutException>(() => engine.TrainStep(Five, 0.1f));
        Assert.AreEqual(0, engine.Step);
        engine.TrainStep(Five, 0.1f);
        fresh.TrainStep(Five, 0.1f);
        CollectionAssert.AreEqual(fresh.ToBuffer(), engine.ToBuffer());
    }

    [TestMethod]
    public void AnInputThatTheRuntimeTakesForSomethingElseIsFound()
    {
        string message = Assert.ThrowsExactly<GraphException>(() => Mlp.OrtTraining(open: folder =>
        {
            string path = Path.Combine(folder, TrainingArtifacts.CheckpointFile);
            Checkpoint checkpoint = Checkpoint.Read(path);
            (checkpoint with { Frozen = checkpoint.Frozen.Skip(1).ToDictionary() }).Write(path);
            return new SimulatedTrainingSession(folder);
        })).Message;
        StringAssert.Contains(message, "inputs x, targets, dropout_step, body.bias in a training step");
    }

    private static OrtTrainingEngine Engine(List<string> calls, int accumulationSteps = 1)
    {
        OrtTrainingEngine engine = Mlp.OrtTraining(accumulationSteps, folder =>
        {
            calls.Add("open");
            return new RecordingTrainingSession(new SimulatedTrainingSession(folder), calls);
        });
        calls.Clear();
        return engine;
    }
}
