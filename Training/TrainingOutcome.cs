using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What one run of training comes to, before a model is made of it.</summary>
/// <param name="Parameters">The trained parameters, and running statistics where they were updated, by name.</param>
/// <param name="History">Every finished epoch.</param>
/// <param name="BestEpoch">See <see cref="FitResult.BestEpoch"/>.</param>
/// <param name="Stopped">Why training ended.</param>
/// <param name="TrainAccuracy">See <see cref="FitResult.TrainAccuracy"/>.</param>
/// <param name="ValidationAccuracy">See <see cref="FitResult.ValidationAccuracy"/>.</param>
internal sealed record TrainingOutcome(
    IReadOnlyDictionary<string, TensorData> Parameters, IReadOnlyList<EpochResult> History, int BestEpoch, StopReason Stopped, double? TrainAccuracy, double? ValidationAccuracy)
{
    /// <summary>Epochs of training anew on all examples, from which the parameters come; null where they do not.</summary>
    public int? RefitEpochs { get; private init; }

    /// <summary>Trains, and then once more on all examples where that is asked for and makes sense; not in a first phase of the head alone.</summary>
    /// <param name="model">What is trained, and how.</param>
    /// <param name="data">Examples that are loaded.</param>
    /// <param name="phase">Whether the head is trained alone first, or all that is selected.</param>
    /// <param name="start">Parameters to start from by name; those of the model for the others.</param>
    /// <param name="progress">Takes reports.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="TrainingException">The loss was not finite before anything was learned.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    public static TrainingOutcome Of(PreparedModel model, TrainingData data, TrainingPhase phase, IReadOnlyDictionary<string, TensorData> start, ProgressReporter progress, CancellationToken cancellation)
    {
        TrainingOutcome outcome = Train(model, data.Training, data.Validation, data.AreFeaturesKept, model.Options, start, progress, phase, cancellation);
        bool usable = phase == TrainingPhase.Training && outcome.Stopped is StopReason.Completed or StopReason.EarlyStopping;
        return usable && model.Options.RefitOnAllExamples && data.All is { } all ? outcome.Refit(model, all, data.Validation!.Examples.Count, start, progress, cancellation) : outcome;
    }

    /// <summary>These results with parameters from all examples; as they are where that is cancelled or diverges.</summary>
    private TrainingOutcome Refit(PreparedModel model, IBatchSource all, int validated, IReadOnlyDictionary<string, TensorData> start, ProgressReporter progress, CancellationToken cancellation)
    {
        int epochs = RefitEpochsFor(validated);
        try
        {
            TrainingOutcome refit = Train(model, all, null, true, model.Options with { Epochs = epochs }, start, progress, TrainingPhase.Refitting, cancellation);
            return refit.Stopped switch
            {
                StopReason.Completed => this with
                {
                    Parameters = refit.Parameters, TrainAccuracy = refit.TrainAccuracy, ValidationAccuracy = History[epochs - 1].ValidationAccuracy, RefitEpochs = epochs,
                },
                StopReason.Cancelled => this with { Stopped = StopReason.Cancelled },
                _ => this,        // diverged, which was warned of
            };
        }
        catch (OperationCanceledException)
        {
            return this with { Stopped = StopReason.Cancelled };
        }
        catch (TrainingException e)
        {
            progress.Warn($"Training on all examples together came to nothing, so the validated weights are kept. {e.Message}");
            return this;
        }
    }

    /// <summary>
    /// The whole schedule, unless its end was worse than the best epoch by more than chance explains (one standard error of the accuracy, the rule of Breiman et al., "Classification
    /// and Regression Trees", 1984) or training was stopped early; then the best number of epochs.
    /// </summary>
    private int RefitEpochsFor(int validated)
    {
        if (Stopped == StopReason.EarlyStopping || History[BestEpoch - 1].ValidationAccuracy is not { } best)
            return BestEpoch;
        return History[^1].ValidationAccuracy >= best - Math.Sqrt(best * (1 - best) / validated) ? History.Count : BestEpoch;
    }

    private static TrainingOutcome Train(PreparedModel model, IBatchSource training, IBatchSource? validation, bool quick, TrainerOptions options, IReadOnlyDictionary<string, TensorData> start,
        ProgressReporter progress, TrainingPhase phase, CancellationToken cancellation)
    {
        using ITrainingEngine engine = options.Engine.Create(model.Graph, options);
        if (start.Count > 0)
            engine.ImportParameters(start);
        TrainingLoop loop = new(engine, training, validation, model.Loss.OutputKind, options, progress, phase, model.Graph.SmallestBatch);
        StopReason stopped = loop.Run(cancellation);
        EpochResult? best = loop.History.FirstOrDefault(e => e.Epoch == loop.BestEpoch);
        double? accuracy = Measure(training, best?.TrainAccuracy);
        return new TrainingOutcome(engine.ExportParameters(), [.. loop.History], loop.BestEpoch, stopped, accuracy, best is null ? Measure(validation, null) : best.ValidationAccuracy);

        double? Measure(IBatchSource? source, double? whenCancelled)
        {
            try
            {
                return source is null ? null : loop.Evaluate(source, quick ? CancellationToken.None : cancellation).Accuracy;
            }
            catch (OperationCanceledException)
            {
                return whenCancelled;
            }
        }
    }
}
