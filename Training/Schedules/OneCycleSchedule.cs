namespace OnnxFineTune.Training;

/// <summary>
/// One rise from 1/<see cref="StartDivisor"/> to 1 and one fall to 1/(<see cref="StartDivisor"/>·<see cref="FinalDivisor"/>), both along half a cosine,
/// as PyTorch's <c>OneCycleLR</c>; the base learning rate is the peak.
/// </summary>
/// <remarks>Smith and Topin, arXiv:1708.07120.</remarks>
public sealed record OneCycleSchedule : ISchedule
{
    /// <summary>The share of the run that rises, above 0 and below 1; default 0.3.</summary>
    public float RisingShare { get; init; } = 0.3f;

    /// <summary>Peak over first learning rate, at least 1; default 25.</summary>
    public float StartDivisor { get; init; } = 25;

    /// <summary>First over last learning rate, at least 1; default 10000.</summary>
    public float FinalDivisor { get; init; } = 1e4f;

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Require(RisingShare > 0 && RisingShare < 1, $"{nameof(RisingShare)} is {RisingShare:R}; it must be above 0 and below 1.")
        .InRange(nameof(StartDivisor), StartDivisor, 1, 1e9)
        .InRange(nameof(FinalDivisor), FinalDivisor, 1, 1e9).All;

    /// <inheritdoc/>
    public float Factor(long step, long totalSteps)
    {
        double start = 1.0 / StartDivisor, final = start / FinalDivisor;
        double peak = Math.Max(0, (double)RisingShare * totalSteps - 1), last = totalSteps - 1;
        return (float)(step <= peak
            ? CosineSchedule.Anneal(start, 1, peak > 0 ? step / peak : 1)
            : CosineSchedule.Anneal(1, final, last > peak ? (step - peak) / (last - peak) : 1));
    }
}
