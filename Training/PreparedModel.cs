using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A model that is ready to be trained with one loss: its training graph, and the frozen part in front.</summary>
internal sealed class PreparedModel : IDisposable
{
    private readonly Lazy<FeatureExtractor> _extractor;
    private readonly Lazy<ContentHash> _frozenHash;

    /// <summary>Differentiates a model.</summary>
    /// <exception cref="GraphException">The model cannot be trained as asked.</exception>
    /// <exception cref="TrainingException">It cannot be trained in batches of this size.</exception>
    public PreparedModel(Model model, ILoss loss, TrainerOptions options)
    {
        Loss = loss;
        string[] trained = [.. options.Trainable.Select(model).Select(p => p.Name)];
        Options = options with { LayerDecay = 1, LearningRateFactors = [.. ParameterRates.Of(model, trained, options).Select(f => new LearningRateFactor(f.Key, f.Value))] };
        Graph = TrainingGraph.Build(model, loss, trained, new TrainingGraphOptions { Seed = options.Seed, BatchNormalization = options.BatchNormalization, Checkpointing = options.Checkpointing });
        if (options.BatchSize < Graph.SmallestBatch)
            throw new TrainingException(BatchStatistics.TooSmall);
        Input = model.Graph.FeedInputs.ToArray() is [{ ElementType: ElementType.Float } input] ? input
            : throw new GraphException($"A model to train must have one float input, but this one has {Describe(model)}.");
        _extractor = new(() => new FeatureExtractor(Graph, options.ThreadCount));
        _frozenHash = new(() => ModelHash.Of(Graph.Frozen!));
    }

    /// <summary>What is made small.</summary>
    public ILoss Loss { get; }

    /// <summary>How it is trained, with the factors on the learning rate by parameter name.</summary>
    public TrainerOptions Options { get; }

    /// <summary>Forward pass, loss and gradients.</summary>
    public TrainingGraph Graph { get; }

    /// <summary>The model's one input.</summary>
    public Value Input { get; }

    /// <summary>The session of the frozen part; opened when features have to be computed, and only then.</summary>
    public Lazy<IFeatureExtractor> Extractor => new(() => _extractor.Value);

    /// <summary>Everything but the content of an example that decides its features.</summary>
    public ContentHash FeatureKey(IDataset dataset) =>
        ContentHash.Of(System.Text.Encoding.UTF8.GetBytes($"features 1\n{_frozenHash.Value}\n{dataset.Preparation}\n{typeof(Microsoft.ML.OnnxRuntime.InferenceSession).Assembly.GetName().Version}"));

    /// <summary>Closes the session.</summary>
    public void Dispose()
    {
        if (_extractor.IsValueCreated)
            _extractor.Value.Dispose();
    }

    private static string Describe(Model model) => model.Graph.FeedInputs.Any() ? string.Join(", ", model.Graph.FeedInputs.Select(i => $"'{i}'")) : "none";
}
