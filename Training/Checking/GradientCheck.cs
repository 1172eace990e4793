using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Compares gradients with finite differences of the loss along random directions, parameter by parameter, and says what rounding and kinks leave undecided.</summary>
public static class GradientCheck
{
    /// <summary>Differentiates a model as it is, Dropout off, and compares the gradients.</summary>
    /// <param name="model">Any model; it is not changed.</param>
    /// <param name="inputs">A tensor for each input, by name; null makes a batch up.</param>
    /// <param name="targets">As the loss wants them; null makes them up.</param>
    /// <param name="gradients">Loss and parameters; the defaults when null.</param>
    /// <param name="options">Directions and tolerance; the defaults when null.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="ArgumentException">Options are out of range.</exception>
    /// <exception cref="GraphException">The model cannot be differentiated as asked.</exception>
    /// <exception cref="TrainingException">The tensors do not fit the model, the loss is not finite, or the runtime cannot compute with them.</exception>
    public static GradientCheckResult Run(Model model, IReadOnlyDictionary<string, TensorData>? inputs = null, TensorData? targets = null, ModelGradientsOptions? gradients = null,
        GradientCheckOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GradientCheckOptions();
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        TrainingGraph graph = GradientTask.Build(model, gradients ?? new ModelGradientsOptions());
        MadeUpBatch batch = new(graph, options.BatchSize, options.Seed);
        return Run(graph, GradientTask.Feeds(graph, inputs ?? batch.Inputs(), targets ?? batch.Targets(inputs)), options, cancellationToken);
    }

    /// <summary>Compares the gradients of a training graph.</summary>
    /// <param name="graph">Without Dropout, which would make another function of each step.</param>
    /// <param name="feeds">A tensor for each input of <see cref="TrainingGraph.Training"/>.</param>
    /// <param name="options">As above.</param>
    /// <param name="cancellationToken">As above.</param>
    /// <exception cref="TrainingException">As above.</exception>
    public static GradientCheckResult Run(TrainingGraph graph, IReadOnlyDictionary<string, TensorData> feeds, GradientCheckOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GradientCheckOptions();
        return Run(graph, feeds, ModelGradients.Of(graph, feeds, options.Threads).Gradients, options, cancellationToken);
    }

    /// <summary>Compares gradients of any origin with differences of the loss of a training graph.</summary>
    /// <param name="graph">As above.</param>
    /// <param name="feeds">As above.</param>
    /// <param name="gradients">dL/dθ by parameter, each of its parameter's shape.</param>
    /// <param name="options">As above.</param>
    /// <param name="cancellationToken">As above.</param>
    /// <exception cref="TrainingException">As above.</exception>
    public static GradientCheckResult Run(TrainingGraph graph, IReadOnlyDictionary<string, TensorData> feeds, IReadOnlyDictionary<string, TensorData> gradients,
        GradientCheckOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GradientCheckOptions();
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        using LossFunction loss = new(graph, feeds, options.Threads);
        return new GradientComparison(graph, loss, gradients, options).Run(cancellationToken);
    }
}
