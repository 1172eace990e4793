namespace OnnxFineTune.Training.Tests;

/// <summary>The choice of an engine that a test makes.</summary>
internal sealed class FakeTraining(Func<ITrainingEngine> create, string? reason = null) : TrainingEngine
{
    public override string Name => "fake";

    public override string Description => "Counts steps.";

    public override string? Reason => reason;

    public override ITrainingEngine Create(TrainingGraph graph, TrainerOptions options) => create();
}
