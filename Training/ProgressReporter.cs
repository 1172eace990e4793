using System.Diagnostics;

namespace OnnxFineTune.Training;

/// <summary>Turns what a training run does into reports, not too many of them.</summary>
/// <param name="target">Takes the reports; none when null.</param>
internal sealed class ProgressReporter(IProgress<TrainingProgress>? target)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly List<string> _warnings = [];
    private TrainingProgress _latest = new() { Phase = TrainingPhase.Features, Done = 0, Total = 0, Elapsed = TimeSpan.Zero };
    private long _phaseStart = Stopwatch.GetTimestamp();
    private long _reported;

    /// <summary>Everything that was warned of, each sentence once.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Begins a phase.</summary>
    public void Begin(TrainingPhase phase, long total)
    {
        _phaseStart = Stopwatch.GetTimestamp();
        Send(_latest with { Phase = phase, Done = 0, Total = total, Elapsed = TimeSpan.Zero });
    }

    /// <summary>Reports progress, unless the last report is too recent and this is not the end of the phase.</summary>
    public void Advance(long done, int epoch = 0)
    {
        if (target is not null && (done == _latest.Total || Stopwatch.GetElapsedTime(_reported) >= Interval))
            Send(_latest with { Done = done, Epoch = epoch, Elapsed = Stopwatch.GetElapsedTime(_phaseStart) });
    }

    /// <summary>Reports an epoch.</summary>
    public void Complete(EpochResult epoch, long done) =>
        Send(_latest with { Done = done, Epoch = epoch.Epoch, Completed = epoch, Elapsed = Stopwatch.GetElapsedTime(_phaseStart) });

    /// <summary>Reports a warning; one that was given before is not repeated.</summary>
    public void Warn(string warning)
    {
        if (_warnings.Contains(warning))
            return;
        _warnings.Add(warning);
        Send(_latest with { Warning = warning, Elapsed = Stopwatch.GetElapsedTime(_phaseStart) });
    }

    private void Send(TrainingProgress progress)
    {
        _reported = Stopwatch.GetTimestamp();
        _latest = progress with { Completed = null, Warning = null };
        target?.Report(progress);
    }
}
