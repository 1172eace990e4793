namespace OnnxFineTune.Training;

/// <summary>What a step computed.</summary>
/// <param name="Loss">Mean loss over the batch.</param>
/// <param name="Outputs">The model's outputs, N times the outputs of one example; valid until the next step.</param>
public readonly record struct StepResult(float Loss, ReadOnlyMemory<float> Outputs);
