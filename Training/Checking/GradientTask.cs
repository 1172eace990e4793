using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The training graph of a model as it is: no cut, no head, Dropout off, everything from the inputs on.</summary>
internal static class GradientTask
{
    /// <summary>Differentiates a model.</summary>
    /// <exception cref="ArgumentException">Options are out of range.</exception>
    /// <exception cref="GraphException">The model cannot be differentiated as asked; the message says where and what to do.</exception>
    public static TrainingGraph Build(Model model, ModelGradientsOptions options)
    {
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        Model work = TrainingGraph.OfFirstOutput(model);
        foreach (Value input in work.Graph.FeedInputs.Where(i => i.Uses.Count == 0 && !i.IsOutput).ToArray())
            work.Graph.RemoveInput(input);      // inputs of other outputs need not be fed
        return TrainingGraph.Build(work, options.Loss, options.Trainable.Select(work).Select(p => p.Name),
            new TrainingGraphOptions { FrozenApart = false, Dropout = false, BatchNormalization = options.BatchNormalization });
    }

    /// <summary>What the graph is fed: one batch and the parameters as they are.</summary>
    /// <param name="graph">As <see cref="Build"/> gives it.</param>
    /// <param name="inputs">By name, in the model's types and shapes; other floating-point types are converted. What the graph does not read is left out.</param>
    /// <param name="targets">What the loss compares with.</param>
    /// <exception cref="TrainingException">Something is missing, does not fit in type or shape, or a label is out of range.</exception>
    public static Dictionary<string, TensorData> Feeds(TrainingGraph graph, IReadOnlyDictionary<string, TensorData> inputs, TensorData targets)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        foreach (RunningStatistic statistic in graph.Statistics)
            feeds[statistic.Name] = statistic.Initial;
        foreach (Value feature in graph.Features)
            feeds[feature.Name] = inputs.TryGetValue(feature.Name, out TensorData? data) ? BatchTensor.Fitting(data, feature, $"The input '{feature.Name}'")
                : throw new TrainingException($"The model reads {Names(graph)}, but nothing is given for '{feature.Name}'; give a tensor for it.");
        feeds[graph.Targets.Name] = BatchTensor.Fitting(targets, graph.Targets, "The tensor of labels");
        SymbolSizes.Check(feeds, [.. graph.Features, graph.Targets], graph.Targets);
        if (targets.Shape[0].Value < graph.SmallestBatch)
            throw new TrainingException(BatchStatistics.TooSmall);
        LabelRange.Check(graph, feeds[graph.Targets.Name]);
        return feeds;
    }

    private static string Names(TrainingGraph graph) => string.Join(" and ", graph.Features.Select(f => $"'{f.Name}'"));
}
