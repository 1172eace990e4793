using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Gradients of micro-batches, added up in the real runtime, are those of one batch of all their examples.</summary>
[TestClass]
public sealed class AccumulationTests
{
    public static IEnumerable<object[]> Cases =>
        from network in (Network[])[Networks.GemmHead, Networks.Mlp, Networks.Transformer]
        from recipe in (Recipe[])[Recipe.AdamW, Recipe.Sgd, Recipe.Clipped]
        from sizes in (int[][])[[1, 1, 1, 1], [3, 1, 2, 2]]
        select new object[] { new StepCase(network, Trainable.All, recipe), sizes };

    /// <param name="row">A <see cref="StepCase"/>.</param>
    /// <param name="shares">The micro-batches as shares of the batch.</param>
    [TestMethod, DynamicData(nameof(Cases))]
    public void FourMicroBatchesAreOneBatchOfTheirUnion(object row, int[] shares)
    {
        StepCase run = (StepCase)row;
        TrainingGraph graph = run.Graph();
        Batch[] unions = run.Batches();
        using StepGraphEngine engine = run.Engine(graph);
        using RuntimeRun runtime = RuntimeRun.Open(graph, TrainingArtifacts.Build(graph, run.Recipe.Artifacts with { GradientAccumulation = true }));
        for (int step = 1; step <= 50; step++)
        {
            Batch union = unions[step % unions.Length];
            Assert.AreEqual(engine.TrainStep(union, WasmTrainingSession.InitialRate).Loss, runtime.TrainStep(Parts(union, shares)), Comparison.Tolerance, $"loss of step {step}");
            if (step is 1 or 10 or 25 or 50)
                Comparison.AreEqual(engine.ExportParameters(), runtime.Parameters(), $"after step {step}");
        }
    }

    private static List<Batch> Parts(Batch union, int[] shares)
    {
        int whole = shares.Sum(), start = 0;
        List<Batch> parts = [];
        foreach (int share in shares)
        {
            int count = union.Count * share / whole;
            parts.Add(new Batch(count, [.. union.Inputs.Select(i => Part(i, start, count, union.Count))], Part(union.Targets, start, count, union.Count)));
            start += count;
        }
        Assert.AreEqual(union.Count, start);
        return parts;
    }

    private static ReadOnlyMemory<float> Part(ReadOnlyMemory<float> values, int start, int count, int examples)
    {
        int length = values.Length / examples;
        return values.Slice(start * length, count * length);
    }
}
