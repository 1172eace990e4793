namespace OnnxFineTune.Inference;

/// <summary>A picture that cannot be decoded; the message says why in one sentence.</summary>
public sealed class ImageFormatException : Exception
{
    /// <summary>An error with one clear sentence.</summary>
    public ImageFormatException(string message) : base(message)
    {
    }

    /// <summary>An error with one clear sentence and its cause.</summary>
    public ImageFormatException(string message, Exception inner) : base(message, inner)
    {
    }
}
