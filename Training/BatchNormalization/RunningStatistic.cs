using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A running mean or variance that follows the batches, see <see cref="BatchNormalizationMode.Batch"/>: state that a training step reads and replaces, without a gradient.</summary>
/// <param name="Name">Name of the initializer in the model.</param>
/// <param name="Value">The input of the training graph that takes the statistic, float32 [C]; the evaluation graph has one of the same name.</param>
/// <param name="Next">The statistic after the step, an output of the training graph.</param>
/// <param name="Initial">The statistic at the start.</param>
public sealed record RunningStatistic(string Name, Value Value, Value Next, TensorData Initial);
