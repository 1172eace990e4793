namespace OnnxFineTune.Training;

/// <summary>The course of the learning rate.</summary>
public interface ISchedule
{
    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    IReadOnlyList<string> Validate() => [];

    /// <summary>The factor on the base learning rate.</summary>
    /// <param name="step">Step, 0 for the first.</param>
    /// <param name="totalSteps">Steps of the whole run, at least 1.</param>
    float Factor(long step, long totalSteps);
}
