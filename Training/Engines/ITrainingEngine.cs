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

    /// <summary>Forward and loss with dropout off and BatchNormalization by its running statistics; changes nothing.</summary>
    StepResult Evaluate(Batch batch);

    /// <summary>Copies of the trained parameters, and of the running statistics where they are updated, by name, float32: what is to be put into the model.</summary>
    IReadOnlyDictionary<string, TensorData> ExportParameters();

    /// <summary>Replaces trained parameters and running statistics by name.</summary>
    /// <exception cref="GraphException">A name is not trained here, or a shape differs.</exception>
    void ImportParameters(IReadOnlyDictionary<string, TensorData> parameters);

    /// <summary>A copy of all that training changes: enough to go on later as if nothing had been between.</summary>
    EngineState ExportState();

    /// <summary>Goes back to a state that was exported.</summary>
    /// <exception cref="GraphException">The state is of other parameters or of another optimizer.</exception>
    void ImportState(EngineState state);
}
