using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>All that training changes.</summary>
/// <param name="Step">Training steps done.</param>
/// <param name="Parameters">θ, and running statistics where they are updated, by name, float32.</param>
/// <param name="OptimizerState">State tensors by <c>PARAMETER/STATE</c>, for example <c>head.weight/m</c>, each of its parameter's shape.</param>
public sealed record EngineState(long Step, IReadOnlyDictionary<string, TensorData> Parameters, IReadOnlyDictionary<string, TensorData> OptimizerState);
