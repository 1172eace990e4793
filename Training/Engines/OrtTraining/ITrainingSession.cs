using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// What the engine uses of ONNX Runtime's training API: one session over the four artifacts of a folder. Inputs and outputs go by position, in the
/// order of the models in the folder; parameters, buffers and flags are the session's own affair.
/// </summary>
internal interface ITrainingSession : IDisposable
{
    /// <summary>Names of the inputs that a caller feeds, in order: of the training model, or of the evaluation model.</summary>
    IReadOnlyList<string> InputNames(bool training);

    /// <summary>Forward and backward → loss and the model's output; the gradients are added to the buffers, or replace them in the first step after <see cref="LazyResetGrad"/>.</summary>
    IReadOnlyList<TensorData> TrainStep(IReadOnlyList<TensorData> inputs);

    /// <summary>Forward → loss and the model's output.</summary>
    IReadOnlyList<TensorData> EvalStep(IReadOnlyList<TensorData> inputs);

    /// <summary>Updates the trained parameters from the buffers.</summary>
    void OptimizerStep();

    /// <summary>Lets the next <see cref="TrainStep"/> overwrite the buffers.</summary>
    void LazyResetGrad();

    /// <summary>Sets the learning rate of the next <see cref="OptimizerStep"/>; not together with a schedule.</summary>
    void SetLearningRate(float rate);

    /// <summary>Registers the session's one schedule: linear warm-up to <paramref name="initialRate"/>, then linearly down to 0 at <paramref name="totalSteps"/>.</summary>
    void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate);

    /// <summary>Sets the learning rate by the registered schedule and the number of optimizer steps done.</summary>
    void SchedulerStep();

    /// <summary>The parameters one after the other, in the order of the training model's inputs.</summary>
    float[] ToBuffer(bool trainableOnly);

    /// <summary>Replaces the parameters.</summary>
    void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly);

    /// <summary>Writes parameters, and the optimizer's state when asked, to a checkpoint file.</summary>
    void SaveCheckpoint(string path, bool withOptimizerState);

    /// <summary>Writes a plain inference model with the parameters as they are.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="outputs">Names of the values that become outputs.</param>
    void ExportInferenceModel(string path, IReadOnlyList<string> outputs);
}
