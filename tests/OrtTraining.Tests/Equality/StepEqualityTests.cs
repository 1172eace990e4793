using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Fifty steps on the real training runtime are those of the default engine: the loss of each, and every parameter.</summary>
[TestClass]
public sealed class StepEqualityTests
{
    private const int Steps = 50;

    public static IEnumerable<object[]> Cases =>
        from network in Networks.All
        from trainable in (Trainable[])[Trainable.Head, Trainable.All]
        from recipe in network == Networks.SqueezeNet && trainable == Trainable.All ? Recipe.ForDeepNetworks : [Recipe.AdamW, Recipe.HuggingFaceAdamW, Recipe.Sgd, Recipe.Clipped]
        from kernels in recipe.Clipping is null || network == Networks.SqueezeNet ? Enum.GetValues<GradientKernels>() : [GradientKernels.Standard]
        select new object[] { new StepCase(network, trainable, recipe) { Kernels = kernels } };

    /// <param name="row">A <see cref="StepCase"/>.</param>
    [TestMethod, DynamicData(nameof(Cases))]
    public void FiftyStepsAreThoseOfTheDefaultEngine(object row)
    {
        StepCase run = (StepCase)row;
        TrainingGraph graph = run.Graph(), deviceGraph = run.DeviceGraph();
        Batch[] batches = run.Batches();
        using StepGraphEngine engine = run.Engine(graph);
        using RuntimeRun runtime = RuntimeRun.Open(deviceGraph, TrainingArtifacts.Build(deviceGraph, run.Recipe.Artifacts));
        IReadOnlyDictionary<string, TensorData> start = engine.ExportParameters();
        for (int step = 1; step <= Steps; step++)
        {
            Batch batch = batches[step % batches.Length];
            Assert.AreEqual(engine.TrainStep(batch, WasmTrainingSession.InitialRate).Loss, runtime.TrainStep(batch), Comparison.Tolerance, $"loss of step {step}");
            if (step is 1 or 10 or 25 or 50)
                Comparison.AreEqual(engine.ExportParameters(), runtime.Parameters(), $"after step {step}");
        }
        Assert.IsGreaterThan(100 * Comparison.Tolerance, engine.ExportParameters().Max(p => Comparison.LargestDifference(start[p.Key], p.Value)), "training moves parameters");
        EvaluationsAreEqual(engine.Evaluate(batches[0]), runtime.Evaluate(batches[0]));
    }

    private static void EvaluationsAreEqual(StepResult expected, (float Loss, float[] Output) actual)
    {
        Assert.AreEqual(expected.Loss, actual.Loss, Comparison.Tolerance, "loss of an evaluation");
        for (int i = 0; i < actual.Output.Length; i++)
            Assert.AreEqual(expected.Outputs.Span[i], actual.Output[i], 10 * Comparison.Tolerance, $"output {i} of an evaluation");
    }
}
