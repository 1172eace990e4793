using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Runs training steps. Shuffling, schedules, early stopping and progress live in <see cref="Trainer"/>; an engine only computes.
/// </summary>
public interface ITrainingEngine : IDisposable
{
    /// <summary>Forward, loss, gradients and update on one batch.</summary>
    /// <param name="batch">Features or inputs, and targets.</param>
    /// <param name="learningRate">The rate of this step.</param>
    /// <returns>Loss and outputs before the update.</returns>
    StepResult TrainStep(Batch batch, float learningRate);

    /// <summary>Forward and loss with dropout off; changes nothing.</summary>
    StepResult Evaluate(Batch batch);

    /// <summary>Copies of the trained parameters by name, float32.</summary>
    IReadOnlyDictionary<string, TensorData> ExportParameters();

    /// <summary>Replaces trained parameters by name.</summary>
    /// <exception cref="GraphException">A name is not trained here, or a shape differs.</exception>
    void ImportParameters(IReadOnlyDictionary<string, TensorData> parameters);
}

/// <summary>One batch of examples in memory.</summary>
/// <param name="Count">Number of examples N.</param>
/// <param name="Inputs">One array per input of the trained part, each N times the elements of one example, row-major.</param>
/// <param name="Targets">Class indices (N), or N times the target values of one example.</param>
public sealed record Batch(int Count, IReadOnlyList<ReadOnlyMemory<float>> Inputs, ReadOnlyMemory<float> Targets);

/// <summary>What a step computed.</summary>
/// <param name="Loss">Mean loss over the batch.</param>
/// <param name="Outputs">The model's outputs, N times the outputs of one example; valid until the next step.</param>
public readonly record struct StepResult(float Loss, ReadOnlyMemory<float> Outputs);
