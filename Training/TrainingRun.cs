namespace OnnxFineTune.Training;

/// <summary>One run: the epochs with validation and, where it is cheap, once more on all examples.</summary>
internal sealed class TrainingRun(PreparedModel prepared, TrainingData data, TrainerOptions options, ProgressReporter progress)
{
    /// <summary>Trains.</summary>
    /// <exception cref="TrainingException">The loss was not finite before anything was learned.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    public TrainingOutcome Run(CancellationToken cancellation)
    {
        using ITrainingEngine engine = options.Engine(prepared.Graph, options);
        TrainingLoop loop = Loop(engine, data.Training, data.Validation, options);
        StopReason stopped = loop.Run(cancellation);
        EpochResult? best = loop.History.FirstOrDefault(e => e.Epoch == loop.BestEpoch);
        TrainingOutcome outcome = new()
        {
            Parameters = engine.ExportParameters(),
            History = [.. loop.History],
            BestEpoch = loop.BestEpoch,
            TrainAccuracy = Measure(loop, data.Training, best?.TrainAccuracy, cancellation),
            ValidationAccuracy = best is not null ? best.ValidationAccuracy : Measure(loop, data.Validation, null, cancellation),
            Stopped = stopped,
        };
        return options.RefitOnAll && data.All is { } all && stopped is StopReason.Completed or StopReason.EarlyStopping ? Refit(outcome, all, cancellation) : outcome;
    }

    /// <summary>
    /// All examples from the start. Validation has said how long to train: after early stopping as many epochs as were best, else all, since the weights of an annealed
    /// run are best at its end.
    /// </summary>
    private TrainingOutcome Refit(TrainingOutcome outcome, IBatchSource all, CancellationToken cancellation)
    {
        TrainerOptions refit = outcome.Stopped == StopReason.EarlyStopping ? options with { Epochs = outcome.BestEpoch } : options;
        using ITrainingEngine engine = options.Engine(prepared.Graph, refit);
        TrainingLoop loop = Loop(engine, all, null, refit);
        try
        {
            if (loop.Run(cancellation, TrainingPhase.Refit) == StopReason.Completed)
                return outcome with { Parameters = engine.ExportParameters(), TrainAccuracy = Measure(loop, all, null, cancellation), Refitted = true };
            return cancellation.IsCancellationRequested ? outcome with { Stopped = StopReason.Cancelled } : outcome;
        }
        catch (OperationCanceledException)
        {
            return outcome with { Stopped = StopReason.Cancelled };
        }
        catch (TrainingException)
        {
            progress.Warn("Training once more on all examples diverged; the weights before it are kept.");
            return outcome;
        }
    }

    private TrainingLoop Loop(ITrainingEngine engine, IBatchSource training, IBatchSource? validation, TrainerOptions loopOptions) =>
        new(engine, training, validation, prepared.Loss.OutputKind, loopOptions, progress);

    private double? Measure(TrainingLoop loop, IBatchSource? source, double? whenCancelled, CancellationToken cancellation)
    {
        try
        {
            return source is null ? null : loop.Evaluate(source, data.AreFeaturesKept ? CancellationToken.None : cancellation).Accuracy;
        }
        catch (OperationCanceledException)
        {
            return whenCancelled;
        }
    }
}
