using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Runs that begin elsewhere than at the first step with a full checkpoint end where those do that begin there.</summary>
[TestClass]
public sealed class ContinuationTests
{
    public static IEnumerable<object[]> Cases =>
        from network in (Network[])[Networks.Mlp, Networks.NormalizedDropout, Networks.Transformer]
        from recipe in (Recipe[])[Recipe.AdamW, Recipe.HuggingFaceAdamW, Recipe.Sgd]
        select new object[] { new StepCase(network, Trainable.All, recipe) };

    /// <summary>The default engine's state after step 25 as a checkpoint, from which the real runtime goes on to step 50.</summary>
    [TestMethod, DynamicData(nameof(Cases))]
    public void ACheckpointAfterHalfTheStepsLeadsToTheSameParameters(object row)
    {
        StepCase run = (StepCase)row;
        TrainingGraph graph = run.Graph();
        Batch[] batches = run.Batches();
        using StepGraphEngine engine = run.Engine(graph);
        for (int step = 1; step <= 25; step++)
            engine.TrainStep(batches[step % batches.Length], WasmTrainingSession.InitialRate);
        TrainingArtifacts artifacts = TrainingArtifacts.Build(graph, run.Recipe.Artifacts);
        TrainingArtifacts continued = artifacts.WithCheckpoint(artifacts.Checkpoint.WithState(engine.ExportState(), run.Recipe.Optimizer));
        using RuntimeRun runtime = RuntimeRun.Open(graph, continued, stepsDone: engine.Step);
        for (int step = 26; step <= 50; step++)
        {
            Batch batch = batches[step % batches.Length];
            Assert.AreEqual(engine.TrainStep(batch, WasmTrainingSession.InitialRate).Loss, runtime.TrainStep(batch), Comparison.Tolerance, $"loss of step {step}");
        }
        Comparison.AreEqual(engine.ExportParameters(), runtime.Parameters(), "after step 50");
    }

    /// <summary>Trained and frozen weights copied in, in the order of the training model's inputs.</summary>
    [TestMethod]
    public void ANominalCheckpointWithTheWeightsCopiedInIsAFullOne()
    {
        StepCase run = new(Networks.GemmHead, Trainable.Head, Recipe.AdamW);
        TrainingGraph graph = run.Graph();
        TrainingArtifacts full = TrainingArtifacts.Build(graph, run.Recipe.Artifacts), nominal = TrainingArtifacts.Build(graph, run.Recipe.Artifacts with { Nominal = true });
        Dictionary<string, TensorData> weights = full.Checkpoint.Parameters.ToDictionary(p => p.Key, p => p.Value);
        float[] values = [.. full.TrainingModel.Graph.Inputs.Where(i => weights.ContainsKey(i.Name)).SelectMany(i => weights[i.Name].ToFloats())];
        (float[] losses, float[] trained) = Train(run, graph, full, null);
        (float[] nominalLosses, float[] nominalTrained) = Train(run, graph, nominal, values);
        CollectionAssert.AreEqual(losses, nominalLosses);
        CollectionAssert.AreEqual(trained, nominalTrained);
        CollectionAssert.AreNotEqual(values, trained);
    }

    private static (float[] Losses, float[] Weights) Train(StepCase run, TrainingGraph graph, TrainingArtifacts artifacts, float[]? weights)
    {
        Batch[] batches = run.Batches();
        using RuntimeRun runtime = RuntimeRun.Open(graph, artifacts);
        if (weights is not null)
            runtime.Session.FromBuffer(weights, trainableOnly: false);
        float[] losses = [.. Enumerable.Range(1, 50).Select(s => runtime.TrainStep(batches[s % batches.Length]))];
        return (losses, runtime.Session.ToBuffer(trainableOnly: false));
    }
}
