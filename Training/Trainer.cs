using System.Diagnostics;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Trains a model on a data set: epochs, validation, early stopping, best weights, progress.</summary>
public sealed class Trainer : IDisposable
{
    private readonly Model _model;
    private readonly TrainerOptions _options;
    private readonly TrainerOptions? _headOptions;
    private PreparedModel? _prepared, _preparedHead;
    private int _busy;

    /// <summary>A trainer of <paramref name="model"/>, which is not changed.</summary>
    /// <param name="model">A model whose first output is logits or values, for example one with a new head.</param>
    /// <param name="options">Defaults when null.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message lists all of them.</exception>
    /// <exception cref="TrainingException">The engine asked for cannot run here; the message says why.</exception>
    public Trainer(Model model, TrainerOptions? options = null)
    {
        options ??= new TrainerOptions();
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        if (options.Engine.Reason is { } reason)
            throw new TrainingException(reason);
        _options = options.Resolve();
        _headOptions = options.HeadFirst?.Options(options);
        _model = model.Graph.Initializers.Any(v => v.ElementType is ElementType.Float16 or ElementType.BFloat16) ? model.ToWorkingForm() : model;
    }

    /// <summary>Trains from the model's weights, on a thread of its own; one run at a time.</summary>
    /// <param name="training">What to learn.</param>
    /// <param name="validation">What to measure on after each epoch; null holds back <see cref="TrainerOptions.ValidationFraction"/> of the training examples, the same share of each class.</param>
    /// <param name="progress">Takes reports, on the training thread.</param>
    /// <param name="cancellationToken">
    /// Stops training. Once a step was made this is no exception: the result then holds what was learned and says that it was cancelled.
    /// </param>
    /// <exception cref="GraphException">The model cannot be trained as asked, for example because an operator has no gradient.</exception>
    /// <exception cref="DatasetException">The data do not fit the model, or no example of a class can be read.</exception>
    /// <exception cref="TrainingException">The loss was not a finite number before anything was learned.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step. Features computed so far are kept for the next run.</exception>
    public Task<FitResult> FitAsync(IDataset training, IDataset? validation = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() =>
        {
            if (Interlocked.Exchange(ref _busy, 1) == 1)
                throw new InvalidOperationException("This trainer is training already; use a trainer for each run at the same time.");
            try
            {
                return Fit(training, validation, new ProgressReporter(progress), cancellationToken);
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        }, CancellationToken.None);

    /// <summary>Closes what runs of this trainer share.</summary>
    public void Dispose()
    {
        _prepared?.Dispose();
        _preparedHead?.Dispose();
    }

    private FitResult Fit(IDataset training, IDataset? validation, ProgressReporter progress, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        cancellation.ThrowIfCancellationRequested();
        ILoss loss = _options.Loss ?? DatasetChecks.DefaultLoss(training);
        PreparedModel prepared = Prepare(ref _prepared, _options, loss);
        if (_options.BatchNormalization == BatchNormalizationMode.Batch && prepared.Graph.Statistics.Count == 0)
            progress.Warn("No BatchNormalization takes the statistics of the batch: the model has none, or has it folded into other layers, or what is trained lies behind it.");
        FittedPhase fitted = _headOptions is null ? FittedPhase.Of(prepared, training, validation, progress, cancellation)
            : FittedPhase.Of(Prepare(ref _preparedHead, _headOptions, loss), prepared, training, validation, progress, cancellation);
        TrainingOutcome outcome = fitted.Outcome;
        long trained = prepared.Graph.Parameters.Where(p => outcome.Parameters.ContainsKey(p.Name)).Sum(p => p.Initial.Count);
        Model tuned = TunedModel.Build(_model, outcome.Parameters, prepared.Loss.OutputKind, training.Labels, training.Preprocessing);
        return new FitResult
        {
            Model = tuned.HasAdapters ? tuned.MergeAdapters() : tuned,
            Adapter = _options.Trainable == Trainable.Adapters ? LoraAdapter.Of(tuned) : null,
            History = outcome.History,
            HeadHistory = fitted.HeadHistory,
            BestEpoch = outcome.BestEpoch,
            RefitEpochs = outcome.RefitEpochs,
            TrainAccuracy = outcome.TrainAccuracy,
            ValidationAccuracy = outcome.ValidationAccuracy,
            TrainingExamples = fitted.TrainingExamples,
            ValidationExamples = fitted.ValidationExamples,
            TrainedParameters = trained,
            FrozenParameters = Parameters.Of(_model).Sum(p => p.Data!.Count) - trained,
            Stopped = outcome.Stopped,
            Unreadable = fitted.Unreadable,
            Warnings = progress.Warnings,
            Elapsed = Stopwatch.GetElapsedTime(start),
        };
    }

    private PreparedModel Prepare(ref PreparedModel? prepared, TrainerOptions options, ILoss loss)
    {
        if (prepared is not null && prepared.Loss.Equals(loss))
            return prepared;
        prepared?.Dispose();
        prepared = null;
        return prepared = new PreparedModel(_model, loss, options);
    }
}
