
namespace OnnxFineTune.Training;

/// <summary>Epochs of steps on one engine, until they are done, do not help any more, diverge or are cancelled.</summary>
internal sealed class TrainingLoop(
    ITrainingEngine engine, IBatchSource training, IBatchSource? validation, OutputKind kind, TrainerOptions options, ProgressReporter progress, TrainingPhase phase = TrainingPhase.Training,
    int smallestBatch = 1)
{
    private readonly List<EpochResult> _history = [];
    private readonly BestWeights _best = new(engine, validation is not null && options.RestoreBestWeights);
    private readonly long _stepsPerEpoch = EpochOrder.Shuffled(training.Examples, options.BatchSize, options.Seed, 1, smallestBatch).Count;
    private long _step;
    private float _firstLoss = float.NaN;

    /// <summary>Every finished epoch.</summary>
    public IReadOnlyList<EpochResult> History => _history;

    /// <summary>The epoch whose weights the engine has after <see cref="Run"/>; 0 before the end of the first.</summary>
    public int BestEpoch => _best.Epoch;

    /// <summary>Trains. Afterwards the engine has the weights to keep.</summary>
    /// <exception cref="TrainingException">The loss was not finite before anything was learned.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    public StopReason Run(CancellationToken cancellation)
    {
        progress.Begin(phase, _stepsPerEpoch * options.Epochs);
        StopReason reason = RunEpochs(cancellation);
        if (reason == StopReason.Cancelled && _step == 0)
            cancellation.ThrowIfCancellationRequested();
        if (reason == StopReason.Diverged)
            KeepWhatWasLearned();
        _best.Restore();
        return reason;
    }

    /// <summary>Loss and accuracy of the engine's present weights; they stay as they are.</summary>
    public BatchMetrics Evaluate(IBatchSource source, CancellationToken cancellation)
    {
        BatchMetrics metrics = new(kind);
        foreach (Batch batch in source.Batches(EpochOrder.InOrder(source.Examples, options.BatchSize), cancellation))
            metrics.Add(engine.Evaluate(batch), batch);
        return metrics;
    }

    private StopReason RunEpochs(CancellationToken cancellation)
    {
        try
        {
            for (int epoch = 1; epoch <= options.Epochs; epoch++)
            {
                BatchMetrics trained = new(kind);
                if (!TrainEpoch(epoch, trained, cancellation))
                    return StopReason.Diverged;
                BatchMetrics? validated = validation is null ? null : Evaluate(validation, cancellation);
                EpochResult result = new(epoch, trained.Loss, trained.Accuracy, validated?.Loss, validated?.Accuracy);
                if (!_best.Consider(result))
                    return StopReason.Diverged;
                _history.Add(result);
                if (phase != TrainingPhase.Refitting)
                    progress.Complete(result, _step);
                if (validation is not null && epoch < options.Epochs && epoch - _best.ImprovedAt >= options.EarlyStoppingPatience)
                    return StopReason.EarlyStopping;
            }
            return StopReason.Completed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return StopReason.Cancelled;
        }
    }

    /// <returns>False where a loss is not finite.</returns>
    private bool TrainEpoch(int epoch, BatchMetrics metrics, CancellationToken cancellation)
    {
        long total = _stepsPerEpoch * options.Epochs;
        foreach (Batch batch in training.Batches(EpochOrder.Shuffled(training.Examples, options.BatchSize, options.Seed, epoch, smallestBatch), cancellation))
        {
            if (batch.Count < smallestBatch)
                continue;        // its other examples could not be read
            StepResult result = engine.TrainStep(batch, options.LearningRate!.Value * options.Schedule.Factor(_step, total));
            if (_step++ == 0)
                _firstLoss = result.Loss;
            if (!float.IsFinite(result.Loss))
                return false;
            metrics.Add(result, batch);
            progress.Advance(_step, epoch);
        }
        return true;
    }

    private void KeepWhatWasLearned()
    {
        string remedy = $"Lower the learning rate (it was {options.LearningRate!.Value:G3}), clip the gradients, or check that the preprocessing fits the model.";
        if (_best.Epoch == 0 || !_history.Any(e => e.TrainLoss < _firstLoss))
            throw new TrainingException($"Training diverged in epoch {_history.Count + 1}, before anything was learned: the loss is not a finite number any more. {remedy}");
        progress.Warn($"Training diverged in epoch {_history.Count + 1}: the loss was not a finite number any more. The weights of epoch {_best.Epoch} are kept. {remedy}");
    }
}
