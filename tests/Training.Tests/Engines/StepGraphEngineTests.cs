using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class StepGraphEngineTests
{
    private const int Features = 12, Classes = 4;

    private static readonly Batch[] Batches = [.. Enumerable.Range(0, 5).Select(i => TrainingTask.Classification(16, Features, Classes, i))];

    public static IEnumerable<(IOptimizer Optimizer, double MaxNorm)> Recipes =>
    [
        (new AdamW(), double.PositiveInfinity),
        (new AdamW { WeightDecay = 0.1 }, 0.05),
        (new Adam(), double.PositiveInfinity),
        (new Sgd(), double.PositiveInfinity),
        (new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 0.01 }, double.PositiveInfinity),
        (new Sgd { Momentum = 0.9 }, 0.1),
    ];

    [TestMethod, DynamicData(nameof(Recipes))]
    public void FiftyStepsOfALinearHeadFollowTheFormulasInDouble(IOptimizer optimizer, double maxNorm)
    {
        GradientClipping? clipping = double.IsFinite(maxNorm) ? new GradientClipping { MaxNorm = maxNorm } : null;
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes), optimizer, clipping: clipping);
        LinearReference reference = new(Features, Classes, optimizer, engine.ExportParameters());
        for (int step = 0; step < 50; step++)
        {
            Batch batch = Batches[step % Batches.Length];
            double expected = reference.Step(batch, 0.02f, maxNorm);
            Assert.AreEqual(expected, engine.TrainStep(batch, 0.02f).Loss, 1e-5, $"loss of step {step}");
        }
        float[] actual = Parameters(engine);
        for (int i = 0; i < actual.Length; i++)
            Assert.AreEqual(reference.Parameters[i], actual[i], 1e-5, $"parameter {i}");
        Assert.AreEqual(50, engine.Step);
    }

    [TestMethod]
    public void AllParametersOfANetworkLearn()
    {
        string[] all = ["body.weight", "body.bias", "head.weight", "head.bias"];
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Mlp(Features, 16, Classes), parameters: all);
        IReadOnlyDictionary<string, TensorData> before = engine.ExportParameters();
        float[] losses = TrainingTask.Train(engine, Batches, 200);
        Assert.IsLessThan(losses[0] / 4, losses[^1]);
        foreach ((string name, TensorData after) in engine.ExportParameters())
            CollectionAssert.AreNotEqual(before[name].ToFloats(), after.ToFloats(), name);
    }

    [TestMethod]
    public void AConvolutionalNetworkLearns()
    {
        string[] all = ["conv.weight", "conv.bias", "head.weight", "head.bias"];
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.ConvNet(4, 3), parameters: all);
        Batch[] images = [.. Enumerable.Range(0, 2).Select(i => TrainingTask.Classification(16, 64, 3, i))];
        float[] losses = TrainingTask.Train(engine, images, 100);
        Assert.IsLessThan(losses[0] / 4, losses[^1]);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameLossesToTheLastBit()
    {
        float[] Losses(int seed)
        {
            using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Mlp(Features, 16, Classes, dropout: 0.5f), seed: seed);
            return TrainingTask.Train(engine, [TrainingTask.Classification(16, 16, Classes, 3)], 40);
        }
        float[] first = Losses(7);
        CollectionAssert.AreEqual(first, Losses(7));
        CollectionAssert.AreNotEqual(first, Losses(8), "another seed gives other Dropout masks");
    }

    [TestMethod]
    public void DropoutGoesOnFromAStateAsIfNothingHadBeenBetween()
    {
        Model model = TrainingModels.Mlp(Features, 16, Classes, dropout: 0.5f);
        Batch[] batches = [TrainingTask.Classification(16, 16, Classes, 3)];
        using StepGraphEngine whole = TrainingTask.Engine(model, seed: 7);
        TrainingTask.Train(whole, batches, 10);
        using StepGraphEngine resumed = TrainingTask.Engine(model, seed: 7);
        resumed.ImportState(whole.ExportState());
        CollectionAssert.AreEqual(TrainingTask.Train(whole, batches, 10), TrainingTask.Train(resumed, batches, 10));
    }

    [TestMethod]
    public void DropoutIsOffWhenEvaluating()
    {
        Batch batch = TrainingTask.Classification(16, 16, Classes, 3);
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Mlp(Features, 16, Classes, dropout: 0.5f), new Sgd());
        float once = engine.Evaluate(batch).Loss;
        Assert.AreEqual(once, engine.Evaluate(batch).Loss);
        Assert.AreNotEqual(once, engine.TrainStep(batch, 0).Loss, "masks change the loss of a training step");
        Assert.AreNotEqual(engine.TrainStep(batch, 0).Loss, engine.TrainStep(batch, 0).Loss, "each step has masks of its own");
        Assert.AreEqual(once, engine.Evaluate(batch).Loss, "a rate of 0 changes nothing");
    }

    [TestMethod]
    public void EvaluationReadsTheParametersOfTheLastStep()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        for (int step = 0; step < 5; step++)
        {
            StepResult evaluated = engine.Evaluate(Batches[0]);
            float loss = evaluated.Loss;
            float[] outputs = evaluated.Outputs.ToArray();
            StepResult trained = engine.TrainStep(Batches[0], 0.05f);
            Assert.AreEqual(loss, trained.Loss, 1e-6, $"step {step}");
            Assert.HasCount(16 * Classes, outputs);
            for (int i = 0; i < outputs.Length; i++)
                Assert.AreEqual(outputs[i], trained.Outputs.Span[i], 1e-5, $"step {step}, output {i}");
        }
    }

    [TestMethod]
    public void ASmallerLastBatchTrainsAsItDoesAlone()
    {
        Batch small = new(5, [Batches[0].Inputs[0][..(5 * Features)]], Batches[0].Targets[..5]);
        using StepGraphEngine mixed = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        using StepGraphEngine alone = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        mixed.Evaluate(Batches[1]);
        for (int step = 0; step < 3; step++)
        {
            Assert.AreEqual(alone.TrainStep(small, 0.01f).Loss, mixed.TrainStep(small, 0.01f).Loss);
            Assert.AreEqual(5 * Classes, mixed.Evaluate(small).Outputs.Length);
        }
        Assert.AreEqual(alone.TrainStep(Batches[2], 0.01f).Loss, mixed.TrainStep(Batches[2], 0.01f).Loss, "a larger batch than before");
        CollectionAssert.AreEqual(Parameters(alone), Parameters(mixed));
    }

    [TestMethod]
    public void AnImportedStateGoesOnAsIfNothingHadBeenBetween()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        TrainingTask.Train(engine, Batches, 7);
        EngineState saved = engine.ExportState();
        float[] expected = TrainingTask.Train(engine, Batches, 6);
        engine.ImportState(saved);
        CollectionAssert.AreEqual(expected, TrainingTask.Train(engine, Batches, 6), "the same engine");
        using StepGraphEngine other = TrainingTask.Engine(TrainingModels.Linear(Features, Classes, seed: 5));
        other.ImportState(saved);
        CollectionAssert.AreEqual(expected, TrainingTask.Train(other, Batches, 6), "a new engine");
        Assert.AreEqual(13, other.Step);
    }

    [TestMethod]
    public void ImportedParametersReplaceThePresentOnes()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        IReadOnlyDictionary<string, TensorData> start = engine.ExportParameters();
        float before = engine.Evaluate(Batches[0]).Loss;
        TrainingTask.Train(engine, Batches, 3);
        Assert.AreNotEqual(before, engine.Evaluate(Batches[0]).Loss);
        engine.ImportParameters(start);
        Assert.AreEqual(before, engine.Evaluate(Batches[0]).Loss);
    }

    [TestMethod]
    public void WhatDoesNotFitIsRefusedAsAWhole()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        float[] before = Parameters(engine);
        Dictionary<string, TensorData> wrong = new(engine.ExportParameters()) { ["head.bias"] = TensorData.FromFloats([1], 1) };
        wrong["head.weight"] = TensorData.FromFloats(new float[Classes * Features], Classes, Features);
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportParameters(wrong)).Message, "'head.bias' is Float [4]");
        CollectionAssert.AreEqual(before, Parameters(engine));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportParameters(new Dictionary<string, TensorData> { ["head.wait"] = wrong["head.bias"] })).Message, "'head.weight'");
        using StepGraphEngine sgd = TrainingTask.Engine(TrainingModels.Linear(Features, Classes), new Sgd());
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => engine.ImportState(sgd.ExportState())).Message, "another optimizer");
        Assert.ThrowsExactly<ArgumentException>(() => engine.TrainStep(Batches[0] with { Inputs = [new float[3]] }, 0.1f));
        Assert.ThrowsExactly<ArgumentException>(() => engine.TrainStep(Batches[0] with { Targets = new float[3] }, 0.1f));
        Assert.ThrowsExactly<ArgumentException>(() => TrainingTask.Engine(TrainingModels.Linear(Features, Classes), new AdamW { Beta1 = 2, Epsilon = 0 }));
    }

    [TestMethod]
    public void BatchesInMemoryThatIsUsedAgainTrainAsFreshOnes()
    {
        using StepGraphEngine again = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        using StepGraphEngine fresh = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        float[] memory = new float[3 + 16 * Features], other = new float[memory.Length];
        int[] examples = [16, 16, 16, 5, 16, 16, 5, 5, 16, 16];
        bool[] elsewhere = [false, false, false, false, true, false, true, true, true, false];
        for (int step = 0; step < examples.Length; step++)
        {
            int count = examples[step];
            ReadOnlyMemory<float> inputs = Batches[step % Batches.Length].Inputs[0][..(count * Features)], targets = Batches[step % Batches.Length].Targets[..count];
            Memory<float> place = (elsewhere[step] ? other : memory).AsMemory(3, inputs.Length);
            inputs.CopyTo(place);
            Batch used = new(count, [place], targets), alone = new(count, [inputs.ToArray()], targets);
            Assert.AreEqual(fresh.TrainStep(alone, 0.01f).Loss, again.TrainStep(used, 0.01f).Loss, $"step {step}");
            Assert.AreEqual(fresh.Evaluate(alone).Loss, again.Evaluate(used).Loss, $"step {step}, evaluated");
            place.Span.Clear();                    // what was read belongs to the caller again
        }
        CollectionAssert.AreEqual(Parameters(fresh), Parameters(again));
    }

    [TestMethod]
    public void PartsOfOneArrayAreDifferentBatches()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        float[] all = [.. Batches[0].Inputs[0].Span, .. Batches[1].Inputs[0].Span];
        int length = 16 * Features;
        float[] expected = [engine.Evaluate(Batches[0]).Loss, engine.Evaluate(Batches[1]).Loss];
        foreach (int part in (int[])[0, 0, 0, 1, 0, 1, 1, 1, 0, 0])
            Assert.AreEqual(expected[part], engine.Evaluate(Batches[part] with { Inputs = [all.AsMemory(part * length, length)] }).Loss, $"part {part}");
    }

    [TestMethod]
    public void AStepAllocatesNoManagedMemory()
    {
        using StepGraphEngine engine = TrainingTask.Engine(TrainingModels.Linear(Features, Classes));
        TrainingTask.Train(engine, Batches, 10);
        for (int step = 0; step < 4; step++)           // the memory comes again: it is bound where it lies
        {
            engine.TrainStep(Batches[0], 0.01f);
            engine.Evaluate(Batches[0]);
        }
        long fewest = Enumerable.Range(0, 5).Min(_ => AllocatedBy(() =>            // the runtime itself may allocate on a thread now and then, as when it recompiles a method
        {
            for (int step = 0; step < 100; step++)
                engine.TrainStep(Batches[0], 0.01f);
            engine.Evaluate(Batches[0]);
        }));
        Assert.AreEqual(0, fewest);
    }

    private static long AllocatedBy(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static float[] Parameters(StepGraphEngine engine)
    {
        IReadOnlyDictionary<string, TensorData> parameters = engine.ExportParameters();
        return [.. parameters["head.weight"].ToFloats(), .. parameters["head.bias"].ToFloats()];
    }
}
