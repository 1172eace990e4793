using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>One way to train one network.</summary>
internal sealed record StepCase(Network Network, Trainable Trainable, Recipe Recipe)
{
    /// <summary>The operators of the gradients on the real runtime; those of the default engine are standard ones always.</summary>
    public GradientKernels Kernels { get; init; }

    /// <summary>What both engines build on: forward from the model's own inputs, loss, gradients.</summary>
    public TrainingGraph Graph() => Graph(GradientKernels.Standard);

    /// <summary>The same with the case's own kernels.</summary>
    public TrainingGraph DeviceGraph() => Graph(Kernels);

    private TrainingGraph Graph(GradientKernels kernels)
    {
        Model model = Network.Build();
        return TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Select(model).Select(p => p.Name), new TrainingGraphOptions { FrozenApart = false, Kernels = kernels });
    }

    /// <summary>The batches that steps go through again and again.</summary>
    public Batch[] Batches() => [.. Enumerable.Range(0, 5).Select(Network.Batch)];

    /// <summary>The default engine, which the real runtime must agree with.</summary>
    public StepGraphEngine Engine(TrainingGraph graph) => new(graph, Recipe.Engine);

    public override string ToString() => $"{Network}, {Trainable} trained, {Recipe}{(Kernels == GradientKernels.Standard ? "" : ", native kernels")}";
}
