namespace OnnxFineTune.Training;

/// <summary>The frozen part of a model, which turns inputs into the features that the trained part reads.</summary>
public interface IFeatureExtractor
{
    /// <summary>Computes features.</summary>
    /// <param name="inputs">Inputs of <paramref name="count"/> examples, one after the other.</param>
    /// <param name="count">Number of examples, at least 1.</param>
    /// <returns>One array per input of the trained part, each <paramref name="count"/> times its elements of one example; valid until the next call.</returns>
    IReadOnlyList<ReadOnlyMemory<float>> Extract(ReadOnlyMemory<float> inputs, int count);
}
