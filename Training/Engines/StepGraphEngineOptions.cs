namespace OnnxFineTune.Training;

/// <summary>How a <see cref="StepGraphEngine"/> trains.</summary>
public sealed record StepGraphEngineOptions
{
    /// <summary>The optimizer; AdamW by default.</summary>
    public IOptimizer Optimizer { get; init; } = new AdamW();

    /// <summary>Limits the norm of the gradients; null, the default, does not.</summary>
    public GradientClipping? Clipping { get; init; }

    /// <summary>Factors on the learning rate by parameter name, above 0; 1 for parameters that are not named. None by default.</summary>
    public IReadOnlyDictionary<string, float> LearningRateFactors { get; init; } = new Dictionary<string, float>();

    /// <summary>Threads of the runtime; 0, the default, takes all cores. The same number gives the same losses to the last bit.</summary>
    public int Threads { get; init; }

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Include(Optimizer.Validate())
        .Include(Clipping?.Validate() ?? [])
        .Include(LearningRateFactors.SelectMany(f => new OptionErrors().Positive($"{nameof(LearningRateFactors)}['{f.Key}']", f.Value).All))
        .Require(Threads >= 0, $"{nameof(Threads)} is {Threads}; it must be 0 (all cores) or more.").All;
}
