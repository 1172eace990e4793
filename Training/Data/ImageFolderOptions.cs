using OnnxFineTune.Inference;

namespace OnnxFineTune.Training;

/// <summary>How a folder of pictures is read.</summary>
public sealed record ImageFolderOptions
{
    /// <summary>An unreadable picture stops; by default it is named, counted and left out.</summary>
    public bool Strict { get; init; }

    /// <summary>Turns files into pixels; Skia when null.</summary>
    public IImageDecoder? Decoder { get; init; }
}
