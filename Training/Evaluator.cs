using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Measures a finished model on examples, by running the model itself as whoever uses it will.</summary>
public static class Evaluator
{
    /// <summary>Measures a model.</summary>
    /// <param name="model">A model with one input; its first output is measured, as probabilities where the examples have classes or labels.</param>
    /// <param name="dataset">Examples prepared as the model takes them. Its labels may come in another order than the model's, and some may be absent.</param>
    /// <param name="options">Defaults when null.</param>
    /// <exception cref="DatasetException">The examples do not fit the model, a label is unknown to it, or no example can be read.</exception>
    /// <exception cref="GraphException">ONNX Runtime refuses the model.</exception>
    public static EvaluationResult Evaluate(Model model, IDataset dataset, EvaluatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EvaluatorOptions();
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        IReadOnlyList<string> labels = model.GetLabels() ?? dataset.Labels;
        ClassTargets targets = new(dataset, labels);
        using EvaluationSession session = new(model, dataset.InputShape, options);
        UnreadableExamples unreadable = new();
        EvaluationTally tally = new(dataset, labels, session.OutputActivation);
        IReadOnlyList<int[]> batches = EpochOrder.InOrder([.. Enumerable.Range(0, dataset.Count)], session.BatchSize);
        float[] targetBuffer = new float[session.BatchSize * targets.Length];
        foreach (LoadedExamples loaded in new ExampleLoader(dataset, options.ThreadCount, unreadable).Load(batches, cancellationToken))
            if (loaded.Indices.Count > 0)
                tally.Add(session.Run(loaded.Inputs, loaded.Indices.Count), targets.Of(loaded.Indices, targetBuffer).Span);
        return tally.Result(unreadable.Messages);
    }
}
