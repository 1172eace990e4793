namespace OnnxFineTune.Training;

/// <summary>How a model does on examples.</summary>
/// <param name="Count">Number of examples that were measured.</param>
/// <param name="Accuracy">Share of right answers, 0 to 1; null where outputs are values.</param>
/// <param name="Loss">Mean loss: cross-entropy of the probabilities, or squared error of values.</param>
/// <param name="Confusion">True against predicted classes; empty, without labels, where examples have no single class.</param>
/// <param name="Unreadable">One sentence per example that could not be read, which is not counted.</param>
public sealed record EvaluationResult(int Count, double? Accuracy, double Loss, ConfusionMatrix Confusion, IReadOnlyList<string> Unreadable);
