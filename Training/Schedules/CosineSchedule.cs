namespace OnnxFineTune.Training;

/// <summary>From 1 in the first step to <see cref="FinalFactor"/> in the last along half a cosine.</summary>
/// <remarks>Loshchilov and Hutter, arXiv:1608.03983, without restarts.</remarks>
public sealed record CosineSchedule : ISchedule
{
    /// <summary>The factor of the last step, from 0 (the default) to 1.</summary>
    public float FinalFactor { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => new OptionErrors().InRange(nameof(FinalFactor), FinalFactor, 0, 1).All;

    /// <inheritdoc/>
    public float Factor(long step, long totalSteps) => (float)Anneal(1, FinalFactor, totalSteps > 1 ? (double)step / (totalSteps - 1) : 0);

    /// <summary>Half a cosine from <paramref name="from"/> at 0 to <paramref name="to"/> at 1, and <paramref name="to"/> after that.</summary>
    internal static double Anneal(double from, double to, double progress) =>
        to + (from - to) * (1 + Math.Cos(Math.PI * Math.Clamp(progress, 0, 1))) / 2;
}
