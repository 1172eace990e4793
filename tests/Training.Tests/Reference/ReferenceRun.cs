using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Our loss of a <see cref="TorchReference"/> and the gradients of all its parameters.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Gradients">float32 gradients by parameter.</param>
internal sealed record ReferenceRun(float Loss, IReadOnlyDictionary<string, TensorData> Gradients)
{
    /// <summary>Builds forward, loss and backward for all parameters as one graph and runs it once.</summary>
    public static ReferenceRun Of(TorchReference reference, BatchNormalizationMode mode = BatchNormalizationMode.Frozen)
    {
        TrainingGraphOptions options = new() { FrozenApart = false, BatchNormalization = mode };
        TrainingGraph graph = TrainingGraph.Build(reference.Model, new SoftmaxCrossEntropy(), reference.Gradients.Keys, options);
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Value.Name, p => p.Initial);
        foreach (RunningStatistic statistic in graph.Statistics)
            feeds[statistic.Value.Name] = statistic.Initial;
        feeds[graph.Features[0].Name] = reference.Input;
        feeds[graph.Targets.Name] = reference.Labels;
        if (graph.DropoutStep is { } step)
            feeds[step.Name] = TensorData.Vector(0);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, feeds);
        return new ReferenceRun(results[graph.Loss.Name].ToFloats()[0], graph.Parameters.ToDictionary(p => p.Name, p => results[p.Gradient.Name]));
    }
}
