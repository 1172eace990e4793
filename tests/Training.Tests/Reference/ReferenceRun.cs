using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Our loss of a <see cref="TorchReference"/> and the gradients of all its parameters.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Gradients">Gradients by parameter, float32 or float64.</param>
internal sealed record ReferenceRun(double Loss, IReadOnlyDictionary<string, TensorData> Gradients)
{
    /// <summary>Builds forward, loss and backward for all parameters as one graph and runs it once.</summary>
    public static ReferenceRun Of(TorchReference reference, BatchNormalizationMode mode = BatchNormalizationMode.Frozen)
    {
        TrainingGraph graph = Build(reference, mode);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, Feeds(graph, reference));
        return new ReferenceRun(results[graph.Loss.Name].ToFloats()[0], graph.Parameters.ToDictionary(p => p.Name, p => results[p.Gradient.Name]));
    }

    /// <summary>The same graph in float64, computed with PyTorch's kernels.</summary>
    public static ReferenceRun InFloat64(TorchReference reference, BatchNormalizationMode mode)
    {
        TrainingGraph graph = Build(reference, mode);
        IReadOnlyDictionary<string, TensorData> results = reference.RunInFloat64(graph.Training, Feeds(graph, reference), [graph.Loss.Name, .. graph.Parameters.Select(p => p.Gradient.Name)]);
        return new ReferenceRun(results[graph.Loss.Name].Span<double>()[0], graph.Parameters.ToDictionary(p => p.Name, p => results[p.Gradient.Name]));
    }

    private static TrainingGraph Build(TorchReference reference, BatchNormalizationMode mode) =>
        TrainingGraph.Build(reference.Model, new SoftmaxCrossEntropy(), reference.Gradients.Keys, new TrainingGraphOptions { FrozenApart = false, BatchNormalization = mode });

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph, TorchReference reference)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Value.Name, p => p.Initial);
        foreach (RunningStatistic statistic in graph.Statistics)
            feeds[statistic.Value.Name] = statistic.Initial;
        feeds[graph.Features[0].Name] = reference.Input;
        feeds[graph.Targets.Name] = reference.Labels;
        if (graph.DropoutStep is { } step)
            feeds[step.Name] = TensorData.Vector(0);
        return feeds;
    }
}
