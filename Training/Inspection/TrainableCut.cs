using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What training everything behind a value would take.</summary>
/// <param name="Value">The value; the model's input where everything is trained.</param>
/// <param name="Parameters">Numbers that would be trained.</param>
/// <param name="Layers">Nodes that read them.</param>
/// <param name="ActivationBytes">
/// Memory for what the backward pass reads of the forward pass, the features at <paramref name="Value"/> included, at the batch size of the report; null where a shape is not known. Weights,
/// gradients and the optimizer's state come on top.
/// </param>
/// <param name="BlockedBy">Outputs of the operators behind it that no gradient passes; see <see cref="Trainability.Blocking"/>.</param>
public sealed record TrainableCut(TensorSummary Value, long Parameters, int Layers, long? ActivationBytes, IReadOnlyList<string> BlockedBy);
