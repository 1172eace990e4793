namespace OnnxFineTune.Training;

/// <summary>Rises linearly for a number of steps, then follows another schedule over the steps that remain.</summary>
/// <remarks>Step k of w warm-up steps has factor (k + 1)/w of the next schedule's first, so that no step is lost to a rate of 0. Goyal et al., arXiv:1706.02677.</remarks>
public sealed record LinearWarmup : ISchedule
{
    /// <summary>Number of warm-up steps, 0 or more; at most the whole run is used.</summary>
    public required long Steps { get; init; }

    /// <summary>What follows; constant by default.</summary>
    public ISchedule Then { get; init; } = new ConstantSchedule();

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => new OptionErrors().NotNegative(nameof(Steps), Steps).Include(Then.Validate()).All;

    /// <inheritdoc/>
    public float Factor(long step, long totalSteps)
    {
        long rest = Math.Max(1, totalSteps - Steps);
        return step < Steps ? (float)((step + 1.0) / Steps * Then.Factor(0, rest)) : Then.Factor(step - Steps, rest);
    }
}
