namespace OnnxFineTune.Training;

/// <summary>The choice of <see cref="OrtTrainingEngine"/>.</summary>
/// <param name="open">Opens sessions over artifacts in a folder; null opens those of the native library.</param>
internal sealed class OrtTraining(Func<string, ITrainingSession>? open = null) : TrainingEngine
{
    /// <inheritdoc/>
    public override string Name => "ort-training";

    /// <inheritdoc/>
    public override string Description => "ONNX Runtime's training API for devices, over the artifacts that apps on phones and PCs use.";

    /// <inheritdoc/>
    public override string? Reason => open is null ? OrtTrainingLibrary.Reason : null;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(TrainerOptions options) => new OptionErrors()
        .Include(OptimizerModelBuilder.Refusal(options.Optimizer!) is { } refusal ? [refusal] : [])
        .Require(options.BatchNormalization == BatchNormalizationMode.Frozen, TrainingArtifacts.NoStatistics)
        .Require(options.LayerDecay == 1 && options.LearningRateFactors.Count == 0, "ONNX Runtime's training API has one learning rate for all parameters: leave " +
            $"{nameof(TrainerOptions.LayerDecay)} and {nameof(TrainerOptions.LearningRateFactors)} out, or use the engine '{StepGraph.Name}'.").All;

    /// <inheritdoc/>
    public override ITrainingEngine Create(TrainingGraph graph, TrainerOptions options) =>
        open is null ? new OrtTrainingEngine(graph, Of(options)) : new OrtTrainingEngine(graph, Of(options), open);

    private static OrtTrainingEngineOptions Of(TrainerOptions options) => new() { Optimizer = options.Optimizer!, Clipping = options.Clipping, Threads = options.ThreadCount };
}
