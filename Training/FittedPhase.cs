using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>One phase of a training run, with its data.</summary>
/// <param name="Outcome">What it came to.</param>
/// <param name="Examples">See <see cref="TrainingData.Examples"/>.</param>
/// <param name="TrainingExamples">How many of them it learned from.</param>
/// <param name="ValidationExamples">How many examples it was measured on.</param>
/// <param name="Unreadable">One sentence per example that could not be read.</param>
internal sealed record FittedPhase(TrainingOutcome Outcome, IReadOnlyList<int> Examples, int TrainingExamples, int ValidationExamples, IReadOnlyList<string> Unreadable)
{
    /// <summary>The epochs of the head alone, where it was trained first.</summary>
    public IReadOnlyList<EpochResult> HeadHistory { get; private init; } = [];

    /// <summary>Trains all that is selected.</summary>
    public static FittedPhase Of(PreparedModel model, IDataset training, IDataset? validation, ProgressReporter progress, CancellationToken cancellation) =>
        Run(model, training, validation, TrainingPhase.Training, null, progress, cancellation);

    /// <summary>Trains the head alone, then all that is selected from there. What the head has learned is kept where nothing comes of the rest.</summary>
    /// <param name="head">The head alone.</param>
    /// <param name="all">All that is selected, the head included.</param>
    /// <param name="training">What to learn.</param>
    /// <param name="validation">What to measure on, or null.</param>
    /// <param name="progress">Takes reports.</param>
    /// <param name="cancellation">Stops.</param>
    public static FittedPhase Of(PreparedModel head, PreparedModel all, IDataset training, IDataset? validation, ProgressReporter progress, CancellationToken cancellation)
    {
        if (head.Graph.Parameters.FirstOrDefault(p => !all.Graph.Parameters.Any(a => a.Name == p.Name)) is { } left)
            throw new GraphException($"The head is to be trained first, but '{all.Options.Trainable}' does not select its parameter '{left.Name}'. Select the head too, or leave {nameof(TrainerOptions.HeadFirst)} out.");
        FittedPhase first = Run(head, training, validation, TrainingPhase.Head, null, progress, cancellation);
        if (first.Outcome.Stopped == StopReason.Cancelled)
            return first.Alone(StopReason.Cancelled);
        try
        {
            return Run(all, training, validation, TrainingPhase.Training, first, progress, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return first.Alone(StopReason.Cancelled);
        }
        catch (TrainingException e)
        {
            progress.Warn($"Training the rest came to nothing, so the head that was trained first is kept. {e.Message}");
            return first.Alone(StopReason.Diverged);
        }
    }

    private static FittedPhase Run(
        PreparedModel model, IDataset training, IDataset? validation, TrainingPhase phase, FittedPhase? before, ProgressReporter progress, CancellationToken cancellation)
    {
        using TrainingData data = new(training, validation, model, progress, before?.Examples);
        data.Load(cancellation);
        TrainingOutcome outcome = TrainingOutcome.Of(model, data, phase, before?.Outcome.Parameters ?? new Dictionary<string, TensorData>(), progress, cancellation);
        data.WarnOfUnreadable();
        return new FittedPhase(outcome, data.Examples, data.Training.Examples.Count, data.Validation?.Examples.Count ?? 0, [.. (before?.Unreadable ?? []).Union(data.Unreadable)])
        {
            HeadHistory = before?.Outcome.History ?? [],
        };
    }

    /// <summary>The head as the result, where training the rest did not begin or came to nothing.</summary>
    private FittedPhase Alone(StopReason reason) => this with { Outcome = Outcome with { History = [], BestEpoch = 0, Stopped = reason }, HeadHistory = Outcome.History };
}
