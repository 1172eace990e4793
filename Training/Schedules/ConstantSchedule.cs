namespace OnnxFineTune.Training;

/// <summary>The base learning rate throughout.</summary>
public sealed record ConstantSchedule : ISchedule
{
    /// <inheritdoc/>
    public float Factor(long step, long totalSteps) => 1;
}
