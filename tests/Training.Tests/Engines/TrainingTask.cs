using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Random inputs with labels that a linear map of them decides: something a small network can learn.</summary>
internal static class TrainingTask
{
    public static Batch Classification(int count, int features, int classes, int seed)
    {
        float[] inputs = TrainingModels.Numbers(count * features, seed);
        float[] teacher = TrainingModels.Numbers(classes * features, 99);
        float[] labels = [.. Enumerable.Range(0, count).Select(n => (float)Enumerable.Range(0, classes)
            .MaxBy(c => Enumerable.Range(0, features).Sum(f => inputs[n * features + f] * teacher[c * features + f])))];
        return new Batch(count, [inputs], labels);
    }

    public static StepGraphEngine Engine(Model model, IOptimizer? optimizer = null, string[]? parameters = null, GradientClipping? clipping = null, ILoss? loss = null, int seed = 0) =>
        new(TrainingGraph.Build(model, loss ?? new SoftmaxCrossEntropy(), parameters ?? ["head.weight", "head.bias"], new TrainingGraphOptions { Seed = seed }),
            new StepGraphEngineOptions { Optimizer = optimizer ?? new AdamW(), Clipping = clipping, Threads = 1 });

    public static float[] Train(StepGraphEngine engine, IReadOnlyList<Batch> batches, int steps, float rate = 0.01f) =>
        [.. Enumerable.Range(0, steps).Select(s => engine.TrainStep(batches[s % batches.Count], rate).Loss)];
}
