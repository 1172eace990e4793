using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class CheckpointStatesTests
{
    private static readonly Batch Data = TrainingTask.Classification(8, 6, 3, 1);

    [TestMethod]
    public void TheMomentsAreThoseOfTheFormula()
    {
        AdamW adam = new() { Beta1 = 0.8, Beta2 = 0.95 };
        (StepGraphEngine engine, Checkpoint checkpoint, float[] gradient) = OneStep(adam);
        using (engine)
        {
            OptimizerGroup group = checkpoint.WithState(engine.ExportState(), adam).Optimizer!;
            Assert.AreEqual(1, group.Step);
            float[] m = group.Moments["head.weight"][OptimizerGroup.FirstMoment].ToFloats(), v = group.Moments["head.weight"][OptimizerGroup.SecondMoment].ToFloats();
            for (int i = 0; i < gradient.Length; i++)
            {
                Assert.AreEqual(0.2 * gradient[i], m[i], 1e-6 * Math.Abs(gradient[i]), $"m {i}");
                Assert.AreEqual(0.05 * gradient[i] * gradient[i], v[i], 1e-6 * gradient[i] * gradient[i], $"v {i}");
            }
        }
    }

    public static IEnumerable<IOptimizer> Optimizers => [new AdamW(), new AdamW { Form = AdamWForm.HuggingFace }, new Adam(), new Sgd()];

    [TestMethod, DynamicData(nameof(Optimizers))]
    public void ARunGoesOnFromACheckpoint(IOptimizer optimizer)
    {
        TrainingArtifacts artifacts = TrainingArtifacts.Build(Graph(), new ArtifactOptions { Optimizer = optimizer });
        using StepGraphEngine first = TrainingTask.Engine(TrainingModels.Linear(6, 3), optimizer), second = TrainingTask.Engine(TrainingModels.Linear(6, 3, seed: 5), optimizer);
        TrainingTask.Train(first, [Data], 5);
        byte[] file = artifacts.Checkpoint.WithState(first.ExportState(), optimizer).ToBytes();
        second.ImportState(Checkpoint.Parse(file).ToEngineState(optimizer));
        Assert.AreEqual(5, second.Step);
        float[] expected = TrainingTask.Train(first, [Data], 5), actual = TrainingTask.Train(second, [Data], 5);
        for (int i = 0; i < 5; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6);
        foreach ((string name, TensorData data) in first.ExportParameters())
        {
            float[] a = data.ToFloats(), b = second.ExportParameters()[name].ToFloats();
            for (int i = 0; i < a.Length; i++)
                Assert.AreEqual(a[i], b[i], 1e-6, name);
        }
    }

    [TestMethod, DynamicData(nameof(Optimizers))]
    public void BeforeTheFirstStepThereIsNoOptimizersState(IOptimizer optimizer)
    {
        Checkpoint fresh = TrainingArtifacts.Build(Graph(), new ArtifactOptions { Optimizer = optimizer }).Checkpoint;
        EngineState state = fresh.ToEngineState(optimizer);
        Assert.AreEqual(0, state.Step);
        Assert.AreEqual(optimizer.StateNames.Count * 2, state.OptimizerState.Count);
        Assert.IsTrue(state.OptimizerState.Values.All(t => t.ToFloats().All(x => x == 0)));
        Assert.IsNull(fresh.WithState(state, optimizer).Optimizer);
    }

    [TestMethod]
    public void SgdHasAMomentThatTheRuntimeAsksFor()
    {
        Checkpoint checkpoint = TrainingArtifacts.Build(Graph()).Checkpoint;
        OptimizerGroup group = checkpoint.WithState(new EngineState(4, checkpoint.Trainable, new Dictionary<string, TensorData>()), new Sgd()).Optimizer!;
        Assert.AreEqual(Shape.Of(3, 6), group.Moments["head.weight"][OptimizerGroup.FirstMoment].Shape);
        Assert.HasCount(1, group.Moments["head.weight"]);
    }

    [TestMethod]
    public void WhatDoesNotBelongTogetherIsRefused()
    {
        Checkpoint checkpoint = TrainingArtifacts.Build(Graph()).Checkpoint;
        EngineState state = checkpoint.ToEngineState(new AdamW());
        EngineState other = state with { Parameters = new Dictionary<string, TensorData> { ["head.weight"] = TensorData.Scalar(1f), ["head.bias"] = TensorData.Scalar(1f) } };
        Checkpoint sgd = checkpoint.WithState(new EngineState(4, checkpoint.Trainable, new Dictionary<string, TensorData>()), new Sgd());
        Checkpoint nominal = TrainingArtifacts.Build(Graph(), new ArtifactOptions { Nominal = true }).Checkpoint;
        Refused("of different models", () => checkpoint.WithState(other, new AdamW()));
        Refused("no 'head.weight/m'", () => checkpoint.WithState(state with { OptimizerState = new Dictionary<string, TensorData>() }, new AdamW()));
        Refused("another optimizer", () => sgd.ToEngineState(new AdamW()));
        Refused("nominal", () => nominal.ToEngineState(new AdamW()));
        Refused("none of the parameter", () => (sgd with { OptimizerGroups = [new OptimizerGroup { Step = 1 }] }).ToEngineState(new AdamW()));
        Assert.ThrowsExactly<ArgumentException>(() => checkpoint.ToEngineState(new Sgd { Momentum = 0.9 }));
        Assert.IsFalse(nominal.WithState(state, new AdamW()).IsNominal, "all parameters are trained, so the state has all weights");
    }

    private static void Refused(string part, Func<object> action) => StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(action).Message, part);

    private static TrainingGraph Graph() =>
        TrainingGraph.Build(TrainingModels.Linear(6, 3), new SoftmaxCrossEntropy(), ["head.weight", "head.bias"], new TrainingGraphOptions { FrozenApart = false });

    /// <summary>One step of SGD tells the gradient; the engine under test has done the same step.</summary>
    private static (StepGraphEngine Engine, Checkpoint Fresh, float[] Gradient) OneStep(IOptimizer optimizer)
    {
        using StepGraphEngine plain = TrainingTask.Engine(TrainingModels.Linear(6, 3), new Sgd());
        float[] before = plain.ExportParameters()["head.weight"].ToFloats();
        plain.TrainStep(Data, 1);
        float[] after = plain.ExportParameters()["head.weight"].ToFloats();
        StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(6, 3), optimizer);
        engine.TrainStep(Data, 0.01f);
        float[] gradient = [.. before.Zip(after, (b, a) => b - a)];
        return (engine, TrainingArtifacts.Build(Graph()).Checkpoint, gradient);
    }
}
