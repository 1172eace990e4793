using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the epochs of a run gave.</summary>
internal sealed record TrainingOutcome
{
    /// <summary>Trained parameters by name.</summary>
    public required IReadOnlyDictionary<string, TensorData> Parameters { get; init; }

    /// <summary>Every finished epoch before the refit.</summary>
    public required IReadOnlyList<EpochResult> History { get; init; }

    /// <summary>The epoch with the best validation loss, or the last.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Whether the parameters come from training once more on all examples.</summary>
    public bool Refitted { get; init; }

    /// <summary>See <see cref="FitResult.TrainAccuracy"/>.</summary>
    public required double? TrainAccuracy { get; init; }

    /// <summary>See <see cref="FitResult.ValidationAccuracy"/>.</summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>Why the run ended.</summary>
    public required StopReason Stopped { get; init; }
}
