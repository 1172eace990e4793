using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A parameter that training changes.</summary>
/// <param name="Name">Name of the initializer in the model.</param>
/// <param name="Value">The input of the training graph that takes θ.</param>
/// <param name="Gradient">dL/dθ in the training graph, named <c>NAME_grad</c>.</param>
/// <param name="Initial">θ at the start, float32.</param>
public sealed record TrainedParameter(string Name, Value Value, Value Gradient, TensorData Initial);
