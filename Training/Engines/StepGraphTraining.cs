namespace OnnxFineTune.Training;

/// <summary>The choice of <see cref="StepGraphEngine"/>.</summary>
internal sealed class StepGraphTraining : TrainingEngine
{
    /// <inheritdoc/>
    public override string Name => "step-graph";

    /// <inheritdoc/>
    public override string Description => "Forward pass, gradients and update as one graph of standard operators, on any build of ONNX Runtime.";

    /// <inheritdoc/>
    public override ITrainingEngine Create(TrainingGraph graph, TrainerOptions options) =>
        new StepGraphEngine(graph, new StepGraphEngineOptions
        {
            Optimizer = options.Optimizer!,
            Clipping = options.Clipping,
            LearningRateFactors = options.LearningRateFactors.ToDictionary(f => f.Pattern, f => f.Factor),
            Threads = options.ThreadCount,
        });
}
