namespace OnnxFineTune.Training;

/// <summary>Why a training run ended.</summary>
public enum StopReason
{
    /// <summary>All epochs were run.</summary>
    Completed,

    /// <summary>Validation did not improve for <see cref="TrainerOptions.EarlyStoppingPatience"/> epochs.</summary>
    EarlyStopping,

    /// <summary>It was cancelled; the result holds what was learned until then.</summary>
    Cancelled,

    /// <summary>The loss was no longer a finite number; the result holds the best weights before that.</summary>
    Diverged,
}
