namespace OnnxFineTune.Training;

/// <summary>Inputs of some examples, ready for the model.</summary>
/// <param name="Indices">The examples that could be read, in the order asked for.</param>
/// <param name="Inputs">Their inputs one after the other; valid until the next batch is asked for.</param>
internal sealed record LoadedExamples(IReadOnlyList<int> Indices, ReadOnlyMemory<float> Inputs);
