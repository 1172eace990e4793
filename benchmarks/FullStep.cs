using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Benchmarks;

/// <summary>Steps of stochastic gradient descent of a whole network on random pictures: forward pass, cross-entropy, gradients, update.</summary>
/// <param name="Model">The ONNX file.</param>
/// <param name="Trainable">What is trained.</param>
/// <param name="BatchSize">Pictures in a step.</param>
/// <param name="Size">Height and width of the pictures.</param>
/// <param name="Threads">Threads of the runtime.</param>
/// <param name="Runs">Steps that are timed.</param>
/// <param name="Checkpointing">What of the forward pass is computed again.</param>
internal sealed record FullStep(string Model, Trainable Trainable, int BatchSize, int Size, int Threads, int Runs, ActivationCheckpointing Checkpointing = ActivationCheckpointing.None)
{
    private const int WarmUp = 2;
    private const float LearningRate = 1e-6f;

    /// <summary>The training graph of the network, all of it trained or what stands before the trained layers apart.</summary>
    public TrainingGraph Graph()
    {
        Model model = Surgery.Model.Load(Model).ToWorkingForm();
        return TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Select(model).Select(p => p.Name), new TrainingGraphOptions { Checkpointing = Checkpointing });
    }

    /// <summary>Random pictures with random classes.</summary>
    public Batch RandomBatch(TrainingGraph graph)
    {
        Random random = new(0);
        float[] pictures = new float[BatchSize * 3 * Size * Size];
        for (int i = 0; i < pictures.Length; i++)
            pictures[i] = (random.NextSingle() * 4) - 2;
        int classes = (int)graph.Output.Shape![1].Value!.Value;
        return new Batch(BatchSize, [pictures], Enumerable.Range(0, BatchSize).Select(_ => (float)random.Next(classes)).ToArray());
    }

    /// <summary>Times the steps of all layers.</summary>
    public FullStepTimes Measure()
    {
        long start = Stopwatch.GetTimestamp();
        TrainingGraph graph = Graph();
        double building = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using StepGraphEngine engine = Engine(graph);
        Batch batch = RandomBatch(graph);
        double[] times = Times(Runs, () => engine.TrainStep(batch, LearningRate))[0];
        return new FullStepTimes(times, building, PeakMegabytes());
    }

    /// <summary>Times steps of the trained layers with the forward pass of the frozen ones before them, no features kept, in turn with the forward pass of the model as it is.</summary>
    public (double[] Steps, double[] Inference) MeasureFrozen()
    {
        TrainingGraph graph = Graph();
        if (graph.Frozen is null)
            throw new ArgumentException($"'{Trainable}' leaves nothing frozen in front; name another selection with --trainable.");
        Batch images = RandomBatch(graph);
        using StepGraphEngine engine = Engine(graph);
        using FeatureExtractor extractor = new(graph, Threads);
        using SessionOptions options = new() { IntraOpNumThreads = Threads, InterOpNumThreads = 1 };
        using InferenceSession plain = new(Model, options);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory((float[])Pixels(images), [BatchSize, 3, Size, Size]);
        using RunOptions run = new();
        double[][] times = Times(Runs,
            () => engine.TrainStep(images with { Inputs = extractor.Extract(images.Inputs[0], BatchSize) }, LearningRate),
            () => plain.Run(run, plain.InputNames, [input], plain.OutputNames).Dispose());
        return (times[0], times[1]);
    }

    private static float[] Pixels(Batch images) => System.Runtime.InteropServices.MemoryMarshal.TryGetArray(images.Inputs[0], out ArraySegment<float> segment) ? segment.Array! : images.Inputs[0].ToArray();

    private StepGraphEngine Engine(TrainingGraph graph) => new(graph, new StepGraphEngineOptions { Optimizer = new Sgd(), Threads = Threads });

    /// <summary>Milliseconds of each run of each action, the actions in turn.</summary>
    private static double[][] Times(int runs, params Action[] actions)
    {
        double[][] times = [.. actions.Select(_ => new double[runs])];
        for (int i = -WarmUp; i < runs; i++)
            for (int a = 0; a < actions.Length; a++)
            {
                long start = Stopwatch.GetTimestamp();
                actions[a]();
                if (i >= 0)
                    times[a][i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        return times;
    }

    private static long PeakMegabytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 >> 20;
    }
}
