using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Inference;

/// <summary>Settings of a <see cref="Predictor"/>.</summary>
public sealed record PredictorOptions
{
    /// <summary>Used in place of the preprocessing that the model carries, or of <see cref="ImagePreprocessing.ImageNet"/> where it carries none. Size and layout follow the model.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>Used in place of the labels that the model carries, or of <c>class 0</c>, <c>class 1</c>, … where it carries none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>How the output becomes probabilities; found from the graph when null.</summary>
    public ScoreActivation? Activation { get; init; }

    /// <summary>Pictures that go through the model at once where its batch size is free, at least 1; 16 by default.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Threads of one run and of the decoding of a batch; 0 (default): one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>Decodes the pictures; Skia by default.</summary>
    public IImageDecoder Decoder { get; init; } = SkiaImageDecoder.Default;

    /// <summary>Session options for other execution providers and the like, owned by the caller; <see cref="Threads"/> then counts for the decoding only.</summary>
    public SessionOptions? Session { get; init; }

    internal void Validate()
    {
        if (BatchSize < 1 || Threads < 0)
            throw new ArgumentException($"A predictor's BatchSize is at least 1 and its Threads at least 0, not {BatchSize} and {Threads}.");
    }
}
