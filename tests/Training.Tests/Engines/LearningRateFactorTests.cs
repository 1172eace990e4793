using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class LearningRateFactorTests
{
    private const int Features = 12, Classes = 4;

    private static readonly string[] All = ["body.weight", "body.bias", "head.weight", "head.bias"];

    private static readonly Batch Batch = TrainingTask.Classification(16, Features, Classes, 1);

    public static IEnumerable<IOptimizer> Optimizers =>
        [new AdamW { WeightDecay = 0.1 }, new AdamW { WeightDecay = 0.1, Form = AdamWForm.HuggingFace }, new Adam { WeightDecay = 0.01 }, new Sgd { Momentum = 0.9, WeightDecay = 0.01 }, new Sgd()];

    /// <summary>A power of two times a rate is exact, so the numbers are the same to the last bit. The gradients of one step are those of the same weights, whatever the rates.</summary>
    [TestMethod, DynamicData(nameof(Optimizers))]
    public void AFactorGivesTheUpdateOfThatRate(IOptimizer optimizer)
    {
        Dictionary<string, float> factors = new() { ["body.weight"] = 0.5f, ["body.bias"] = 0.5f, ["head.bias"] = 0.25f };
        using StepGraphEngine mixed = Engine(optimizer, factors);
        EngineState start = mixed.ExportState();
        for (int step = 0; step < 3; step++)
        {
            mixed.TrainStep(Batch, 0.01f);
            EngineState next = mixed.ExportState();
            foreach (string name in All)
            {
                using StepGraphEngine alone = Engine(optimizer, []);
                alone.ImportState(start);
                alone.TrainStep(Batch, 0.01f * factors.GetValueOrDefault(name, 1));
                EngineState expected = alone.ExportState();
                CollectionAssert.AreEqual(expected.Parameters[name].ToFloats(), next.Parameters[name].ToFloats(), $"{name}, step {step}");
                foreach (string state in optimizer.StateNames)
                    CollectionAssert.AreEqual(expected.OptimizerState[$"{name}/{state}"].ToFloats(), next.OptimizerState[$"{name}/{state}"].ToFloats(), $"{name}/{state}, step {step}");
            }
            start = next;
        }
    }

    [TestMethod]
    public void OneFactorForAllIsOneRate()
    {
        using StepGraphEngine factors = Engine(new AdamW(), All.ToDictionary(n => n, _ => 0.5f)), rate = Engine(new AdamW(), []);
        Assert.AreEqual(factors.TrainStep(Batch, 0.02f).Loss, rate.TrainStep(Batch, 0.01f).Loss);
        Assert.AreEqual(factors.TrainStep(Batch, 0.02f).Loss, rate.TrainStep(Batch, 0.01f).Loss);
    }

    [TestMethod]
    public void ParametersOfOneFactorAreUpdatedTogether()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Mlp(Features, 16, Classes), new SoftmaxCrossEntropy(), All);
        StepGraph alike = StepGraph.Build(graph, new AdamW(), null, new Dictionary<string, float>());
        StepGraph apart = StepGraph.Build(graph, new AdamW(), null, new Dictionary<string, float> { ["body.weight"] = 0.5f, ["body.bias"] = 0.5f });
        Assert.HasCount(1, alike.Groups);
        Assert.HasCount(3, alike.Coefficients);
        CollectionAssert.AreEqual(new[] { "body.weight body.bias", "head.weight head.bias" }, apart.Groups.Select(g => string.Join(' ', g.Parameters.Select(p => p.Name))).ToArray());
        CollectionAssert.AreEqual(new[] { 0.5f, 1f }, apart.Factors.ToArray());
        Assert.HasCount(6, apart.Coefficients);
    }

    [TestMethod]
    public void WrongFactorsAreRefused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Engine(new AdamW(), new() { ["head.bias"] = 0 })).Message, "LearningRateFactors['head.bias'] is 0");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Engine(new AdamW(), new() { ["head.bios"] = 1 })).Message, "'head.bias'");
    }

    private static StepGraphEngine Engine(IOptimizer optimizer, Dictionary<string, float> factors) => new(
        TrainingGraph.Build(TrainingModels.Mlp(Features, 16, Classes), new SoftmaxCrossEntropy(), All),
        new StepGraphEngineOptions { Optimizer = optimizer, LearningRateFactors = factors, Threads = 1 });
}
