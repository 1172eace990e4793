namespace OnnxFineTune.Training;

/// <summary>How an <see cref="OrtTrainingEngine"/> trains.</summary>
public sealed record OrtTrainingEngineOptions
{
    /// <summary>The optimizer, AdamW by default; see <see cref="ArtifactOptions.Optimizer"/> for those that the training API has.</summary>
    public IOptimizer Optimizer { get; init; } = new AdamW();

    /// <summary>Limits the norm of the gradients; null, the default, does not.</summary>
    public GradientClipping? Clipping { get; init; }

    /// <summary>
    /// Micro-batches that each batch is split into, at least 1, the default. Their gradients add up to that of the whole batch, which then needs the memory of one micro-batch only. A smaller
    /// batch makes fewer of them.
    /// </summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>Threads of the runtime; 0, the default, takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>The artifacts that train so.</summary>
    internal ArtifactOptions Artifacts => new() { Optimizer = Optimizer, Clipping = Clipping, GradientAccumulation = AccumulationSteps > 1 };

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Include(Artifacts.Validate())
        .InRange(nameof(AccumulationSteps), AccumulationSteps, 1, 1_000_000)
        .Require(Threads >= 0, $"{nameof(Threads)} is {Threads}; it must be 0 (all cores) or more.").All;
}
