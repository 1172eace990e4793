using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A model and what of it is trained how, for engines that must do the same.</summary>
/// <param name="Name">Of the test.</param>
/// <param name="Model">What is trained.</param>
/// <param name="Features">Elements of one example.</param>
/// <param name="Parameters">Those trained.</param>
/// <param name="Optimizer">How they follow their gradients.</param>
public sealed record EngineTask(string Name, Model Model, int Features, string[] Parameters, IOptimizer Optimizer)
{
    private const int Classes = 3;

    private static readonly string[] Head = ["head.weight", "head.bias"];

    public GradientClipping? Clipping { get; init; }

    /// <summary>Whether the frozen layers are a model of their own; else the graph begins at the model's inputs, as that of a device does.</summary>
    public bool FrozenApart { get; init; }

    private static readonly EngineTask[] Simulated =
    [
        new("linear, AdamW", TrainingModels.Linear(12, Classes), 12, Head, new AdamW()),
        new("linear, SGD", TrainingModels.Linear(12, Classes), 12, Head, new Sgd()),
        new("linear, AdamW of Hugging Face, clipped", TrainingModels.Linear(12, Classes), 12, Head, new AdamW { Form = AdamWForm.HuggingFace, WeightDecay = 0.1, Epsilon = 1e-4 })
        {
            Clipping = new GradientClipping { MaxNorm = 0.05 },
        },
        new("MLP with Dropout, all, Adam", TrainingModels.Mlp(12, 16, Classes, dropout: 0.3f), 12, ["body.weight", "body.bias", .. Head], new Adam { Beta1 = 0.8, Beta2 = 0.95 }),
        new("MLP, head over frozen layers", TrainingModels.Mlp(12, 16, Classes), 12, Head, new AdamW { WeightDecay = 0.3 }),
        new("MLP, head on features", TrainingModels.Mlp(12, 16, Classes), 16, Head, new AdamW()) { FrozenApart = true },
        new("convolution, all, SGD, clipped", TrainingModels.ConvNet(4, Classes), 64, ["conv.weight", "conv.bias", .. Head], new Sgd()) { Clipping = new GradientClipping { MaxNorm = 0.5 } },
    ];

    /// <summary>All tasks over the simulated session; where the native library is a training build, over its own too.</summary>
    public static IReadOnlyList<EngineTask> All { get; } =
        TrainingEngine.OrtTraining.IsAvailable ? [.. Simulated, .. Simulated.Select(t => t with { Name = $"{t.Name}, native", IsNative = true })] : Simulated;

    /// <summary>Whether the training session is that of the native library.</summary>
    public bool IsNative { get; init; }

    /// <summary>Batches of 16, 16, 7 and 1 examples.</summary>
    public Batch[] Batches => [.. new[] { 16, 16, 7, 1 }.Select((count, i) => TrainingTask.Classification(count, Features, Classes, i))];

    public TrainingGraph Graph(ILoss? loss = null) =>
        TrainingGraph.Build(Model, loss ?? new SoftmaxCrossEntropy(), Parameters, new TrainingGraphOptions { Seed = 5, FrozenApart = FrozenApart });

    public StepGraphEngine StepGraph() => new(Graph(), new StepGraphEngineOptions { Optimizer = Optimizer, Clipping = Clipping, Threads = 1 });

    internal OrtTrainingEngine OrtTraining(int accumulationSteps = 1, Func<string, ITrainingSession>? open = null) =>
        new(Graph(), new OrtTrainingEngineOptions { Optimizer = Optimizer, Clipping = Clipping, AccumulationSteps = accumulationSteps, Threads = 1 }, open ?? OpenSession);

    public override string ToString() => Name;

    private ITrainingSession OpenSession(string folder) => IsNative ? new NativeTrainingSession(folder, 1) : new SimulatedTrainingSession(folder);
}
