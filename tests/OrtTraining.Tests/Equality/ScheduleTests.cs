using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>
/// The learning rate goes into the runtime's update as into the default engine's. The web's programming interface cannot set it, so the optimizer model gets a schedule here: its
/// rate times a factor of the step.
/// </summary>
[TestClass]
public sealed class ScheduleTests
{
    private const int Steps = 50, Warmup = 10;
    private const float Peak = 10;

    public static IEnumerable<object[]> Recipes => ((Recipe[])[Recipe.AdamW, Recipe.HuggingFaceAdamW, Recipe.Sgd, Recipe.Clipped]).Select(r => new object[] { r });

    /// <param name="recipe">A <see cref="Recipe"/>.</param>
    [TestMethod, DynamicData(nameof(Recipes))]
    public void WarmUpAndDecayAreThoseOfTheDefaultEngine(object recipe)
    {
        StepCase run = new(Networks.Mlp, Trainable.All, (Recipe)recipe);
        TrainingGraph graph = run.Graph();
        Batch[] batches = run.Batches();
        TrainingArtifacts artifacts = TrainingArtifacts.Build(graph, run.Recipe.Artifacts);
        Schedule(artifacts.OptimizerModel.Graph);
        using StepGraphEngine engine = run.Engine(graph);
        using RuntimeRun runtime = RuntimeRun.Open(graph, artifacts);
        for (int step = 0; step < Steps; step++)
        {
            float rate = WasmTrainingSession.InitialRate * Peak * MathF.Min((step + 1) / (float)Warmup, (Steps - step) / (float)(Steps - Warmup));
            Assert.AreEqual(engine.TrainStep(batches[step % batches.Length], rate).Loss, runtime.TrainStep(batches[step % batches.Length]), Comparison.Tolerance, $"loss of step {step}");
        }
        Comparison.AreEqual(engine.ExportParameters(), runtime.Parameters(), "after the last step");
    }

    /// <summary>Puts the factor between the input <c>learning_rate</c> and whatever reads it. The runtime counts steps from 1.</summary>
    private static void Schedule(Graph graph)
    {
        Value rate = graph.Get("learning_rate");
        Use[] uses = [.. rate.Uses];
        GraphBuilder op = new(graph, "schedule") { Before = graph.Nodes[0] };
        Value step = op.Cast(graph.Get("step"), ElementType.Float);
        Value up = op.Div(step, op.Scalar(Warmup)), down = op.Div(op.Sub(op.Scalar(Steps + 1), step), op.Scalar(Steps - Warmup));
        Value scheduled = op.Mul(rate, op.Mul(op.Min(up, down), op.Scalar(Peak)));
        foreach (Use use in uses)
            use.Node.SetInput(use.Index, scheduled);
    }
}
