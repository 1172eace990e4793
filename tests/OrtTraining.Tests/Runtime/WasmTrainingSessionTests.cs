using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>What the real runtime refuses comes here in its own words, and what the web cannot do is said.</summary>
[TestClass]
public sealed class WasmTrainingSessionTests
{
    [TestMethod]
    public void ATrainedParameterWithoutItsBufferIsRefused() => Refused("Gradient buffer input not provided for param", artifacts =>
    {
        Graph graph = artifacts.TrainingModel.Graph;
        Value buffer = graph.Inputs.First(i => i.Name.EndsWith("_grad.accumulation.buffer", StringComparison.Ordinal));
        graph.Rename(buffer, "elsewhere");
        return artifacts;
    });

    [TestMethod]
    public void ATrainedParameterThatTheModelDoesNotUseIsRefused() => Refused("Trying to get a Tensor, but got: (null)", artifacts => artifacts.WithCheckpoint(artifacts.Checkpoint with
    {
        Trainable = new Dictionary<string, TensorData>(artifacts.Checkpoint.Trainable) { ["stranger"] = TensorData.FromFloats([1], 1) },
    }));

    [TestMethod]
    public void ABatchOfAnotherShapeIsRefusedAndTheNextSessionIsAsGoodAsNew()
    {
        StepCase run = new(Networks.Mlp, Trainable.Head, Recipe.AdamW);
        TrainingGraph graph = run.Graph();
        TrainingArtifacts artifacts = TrainingArtifacts.Build(graph, run.Recipe.Artifacts);
        using (RuntimeRun runtime = RuntimeRun.Open(graph, artifacts))
        {
            WasmRuntimeException refusal = Assert.ThrowsExactly<WasmRuntimeException>(() => runtime.Session.TrainStep([TensorData.FromFloats(new float[8], 2, 4), TensorData.FromLongs([0, 1], 2)]));
            StringAssert.Contains(refusal.Message, "Got: 4 Expected: 10");
        }
        using RuntimeRun next = RuntimeRun.Open(graph, artifacts);
        Assert.IsTrue(float.IsFinite(next.TrainStep(run.Batches()[0])));
    }

    [TestMethod]
    public void WhatTheWebCannotDoIsSaid()
    {
        StepCase run = new(Networks.Mlp, Trainable.Head, Recipe.AdamW);
        TrainingGraph graph = run.Graph();
        using RuntimeRun runtime = RuntimeRun.Open(graph, TrainingArtifacts.Build(graph));
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => runtime.Session.SetLearningRate(0.01f)).Message, "stays 0.001");
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => runtime.Session.RegisterLinearSchedule(1, 2, 0.1f)).Message, "schedule");
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => runtime.Session.SaveCheckpoint("checkpoint", true)).Message, "checkpoint");
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => runtime.Session.ExportInferenceModel("model.onnx", ["logits"])).Message, "inference model");
    }

    private static void Refused(string reason, Func<TrainingArtifacts, TrainingArtifacts> spoil)
    {
        StepCase run = new(Networks.Mlp, Trainable.Head, Recipe.AdamW);
        TrainingGraph graph = run.Graph();
        TrainingArtifacts spoilt = spoil(TrainingArtifacts.Build(graph, run.Recipe.Artifacts));
        WasmRuntimeException refusal = Assert.ThrowsExactly<WasmRuntimeException>(() => RuntimeRun.Open(graph, spoilt).Dispose());
        StringAssert.Contains(refusal.Message, reason);
    }
}
