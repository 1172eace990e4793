using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The batches of one run: kept features where a part of the model is frozen, else examples that are loaded each time.</summary>
internal sealed class TrainingData : IDisposable
{
    private readonly IDataset _training;
    private readonly IDataset? _validation;
    private readonly PreparedModel _model;
    private readonly IReadOnlyList<int>? _examples;
    private readonly ProgressReporter _progress;
    private readonly UnreadableExamples _unreadable = new();
    private readonly List<FeatureStore> _stores = [];

    /// <summary>Checks that the data fit the model; nothing is loaded yet.</summary>
    /// <param name="training">What to learn.</param>
    /// <param name="validation">What to measure on, or null.</param>
    /// <param name="model">What is trained, and how.</param>
    /// <param name="progress">Takes reports.</param>
    /// <param name="examples">The examples that can be read, ascending, as an earlier phase has found them, so that they are divided as there; null takes all.</param>
    /// <exception cref="DatasetException">They do not.</exception>
    public TrainingData(IDataset training, IDataset? validation, PreparedModel model, ProgressReporter progress, IReadOnlyList<int>? examples)
    {
        (_training, _validation, _model, _progress, _examples) = (training, validation, model, progress, examples);
        DatasetChecks.Fit(training, model);
    }

    /// <summary>Batches to learn from.</summary>
    public IBatchSource Training { get; private set; } = null!;

    /// <summary>Batches to measure on, or null.</summary>
    public IBatchSource? Validation { get; private set; }

    /// <summary>All of them, where <see cref="Validation"/> was held back from examples whose features are kept; else null.</summary>
    public IBatchSource? All { get; private set; }

    /// <summary>The training examples, those held back included, ascending; unreadable ones are not among them where features are kept.</summary>
    public IReadOnlyList<int> Examples { get; private set; } = [];

    /// <summary>Whether batches are made of features at hand.</summary>
    public bool AreFeaturesKept => _model.Graph.Frozen is not null;

    /// <summary>One sentence per example that could not be read so far.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable.Messages;

    /// <summary>Computes features, drops what cannot be read, and divides the examples.</summary>
    /// <exception cref="DatasetException">A class has no example that can be read, or labels do not match.</exception>
    public void Load(CancellationToken cancellation)
    {
        bool probabilities = _model.Loss is { OutputKind: OutputKind.ClassLogits, TargetType: ElementType.Float };
        ClassTargets targets = new(_training, _training.Labels, probabilities);
        ClassTargets? validationTargets = _validation is null ? null : new ClassTargets(_validation, _training.Labels, probabilities);
        if (AreFeaturesKept)
            LoadFeatures(targets, validationTargets, cancellation);
        else
        {
            Divide(_examples ?? [.. Enumerable.Range(0, _training.Count)], e => new LoadedBatches(_training, targets, e, _model.Options.ThreadCount, _unreadable));
            if (_validation is not null)
                Validation = new LoadedBatches(_validation, validationTargets!, [.. Enumerable.Range(0, _validation.Count)], _model.Options.ThreadCount, _unreadable);
        }
    }

    /// <summary>Reports the examples that could not be read.</summary>
    public void WarnOfUnreadable()
    {
        foreach (string message in _unreadable.Messages)
            _progress.Warn(message);
    }

    /// <summary>Closes the files of features.</summary>
    public void Dispose()
    {
        foreach (FeatureStore store in _stores)
            store.Dispose();
    }

    private void LoadFeatures(ClassTargets targets, ClassTargets? validationTargets, CancellationToken cancellation)
    {
        int total = _training.Count + (_validation?.Count ?? 0);
        _progress.Begin(TrainingPhase.Features, total);
        FeatureStore store = Open(_training);
        FeatureTable table = Compute(store, _training, 0, cancellation);
        DatasetChecks.HasEveryClass(_training, table.Examples);
        if (_validation is not null)
        {
            FeatureStore validationStore = _validation.Preparation == _training.Preparation ? store : Open(_validation);
            FeatureTable validation = Compute(validationStore, _validation, _training.Count, cancellation);
            if (validation.Examples.Count == 0)
                throw new DatasetException($"None of the {_validation.Count} validation examples can be read.");
            Validation = new FeatureBatches(validation, validationTargets!, validation.Examples);
        }
        foreach (FeatureStore open in _stores)
            open.CloseFileWhereNotNeeded();
        Divide(table.Examples, examples => new FeatureBatches(table, targets, examples));
        _progress.Advance(total);
        WarnOfUnreadable();
    }

    private FeatureStore Open(IDataset dataset)
    {
        FeatureStore store = new(_model.Options.Cache, _model.FeatureKey(dataset), _progress.Warn);
        _stores.Add(store);
        return store;
    }

    private FeatureTable Compute(FeatureStore store, IDataset dataset, int before, CancellationToken cancellation) =>
        new FeatureCache(store, _model.Extractor, _model.Options.ThreadCount, _unreadable).Compute(dataset, done => _progress.Advance(before + done), cancellation);

    /// <summary>Holds examples back for validation where none are given.</summary>
    private void Divide(IReadOnlyList<int> examples, Func<IReadOnlyList<int>, IBatchSource> source)
    {
        Examples = examples;
        double fraction = _validation is null ? _model.Options.ValidationFraction : 0;
        (int[] training, int[] validation) = StratifiedSplit.Of([.. examples.Select(e => _training.ClassOf(e) ?? 0)], fraction, _model.Options.Seed);
        Training = source([.. training.Select(i => examples[i])]);
        if (validation.Length > 0)
        {
            Validation = source([.. validation.Select(i => examples[i])]);
            All = AreFeaturesKept ? source(examples) : null;
        }
    }
}
