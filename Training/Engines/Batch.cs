namespace OnnxFineTune.Training;

/// <summary>One batch of examples in memory.</summary>
/// <remarks>Fill the same arrays for each batch: an engine may then read the inputs where they lie, during a step, and need not copy them.</remarks>
/// <param name="Count">Number of examples N.</param>
/// <param name="Inputs">One array per input of the trained part, each N times the elements of one example, row-major.</param>
/// <param name="Targets">Class indices (N), or N times the target values of one example.</param>
public sealed record Batch(int Count, IReadOnlyList<ReadOnlyMemory<float>> Inputs, ReadOnlyMemory<float> Targets);
