namespace OnnxFineTune.Training;

/// <summary>What <see cref="TrainingArtifacts"/> hold beside the training graph.</summary>
public sealed record ArtifactOptions
{
    /// <summary>The update rule: <see cref="AdamW"/> in both forms (PyTorch's is the default), <see cref="Adam"/> without weight decay, or plain <see cref="Sgd"/>.</summary>
    public IOptimizer Optimizer { get; init; } = new AdamW();

    /// <summary>Limits the norm of all gradients before each update; null, the default, leaves them as they are.</summary>
    public GradientClipping? Clipping { get; init; }

    /// <summary>
    /// Whether the training model takes <see cref="TrainingArtifacts.GradientWeightInput"/>, so that the gradients of several micro-batches add up to
    /// exactly that of their union; off by default.
    /// </summary>
    public bool GradientAccumulation { get; init; }

    /// <summary>Whether the checkpoint names its parameters only, for weights that are copied in on the device; off by default.</summary>
    public bool Nominal { get; init; }

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Include(Optimizer.Validate())
        .Include(Clipping?.Validate() ?? [])
        .Include(OptimizerModelBuilder.Refusal(Optimizer) is { } refusal ? [refusal] : []).All;
}
