using System.Diagnostics;
using OnnxFineTune.Models;
using OnnxFineTune.Training;

namespace OnnxFineTune.Benchmarks;

/// <summary>One AdamW step of a linear head on given features: forward, cross-entropy, gradients, update.</summary>
/// <param name="Features">Length of a feature vector.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Examples">Examples in a batch.</param>
/// <param name="Threads">Threads of the runtime; 0 takes all cores.</param>
internal sealed record HeadStep(int Features, int Classes, int Examples, int Threads)
{
    private const int Runs = 2000;

    /// <summary>The median of the steps' times, each taken on its own. The batch lies in the same arrays each time, as PyTorch's tensors do.</summary>
    public TimeSpan Measure()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Linear(Features, Classes), new SoftmaxCrossEntropy(), ["head.weight", "head.bias"]);
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Optimizer = new AdamW { WeightDecay = 0.01 }, Threads = Threads });
        Random random = new(0);
        Batch batch = new(Examples, [TrainingModels.Numbers(Examples * Features, 1)], Enumerable.Range(0, Examples).Select(_ => (float)random.Next(Classes)).ToArray());
        long[] ticks = new long[Runs];
        for (int warmUp = 0; warmUp < Runs; warmUp++)
            engine.TrainStep(batch, 1e-3f);
        for (int i = 0; i < Runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            engine.TrainStep(batch, 1e-3f);
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        Array.Sort(ticks);
        return Stopwatch.GetElapsedTime(0, ticks[Runs / 2]);
    }
}
