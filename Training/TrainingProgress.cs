namespace OnnxFineTune.Training;

/// <summary>Where a training run stands; reported at most some ten times a second, and after every epoch.</summary>
public sealed record TrainingProgress
{
    /// <summary>What it is doing.</summary>
    public required TrainingPhase Phase { get; init; }

    /// <summary>How much of the phase is done, from 0 to <see cref="Total"/>.</summary>
    public required long Done { get; init; }

    /// <summary>How much the phase has to do.</summary>
    public required long Total { get; init; }

    /// <summary>Time since the start of the phase.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Time left in the phase at the present pace; null before anything is done.</summary>
    public TimeSpan? Remaining => Done > 0 ? Elapsed * ((double)(Total - Done) / Done) : null;

    /// <summary>The epoch it is in, 1 for the first; 0 before training.</summary>
    public int Epoch { get; init; }

    /// <summary>The epoch that has just ended; null in reports between.</summary>
    public EpochResult? Completed { get; init; }

    /// <summary>A sentence to show the user, such as an unreadable picture; null in most reports.</summary>
    public string? Warning { get; init; }
}
