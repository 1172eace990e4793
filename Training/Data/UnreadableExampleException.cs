namespace OnnxFineTune.Training;

/// <summary>One example cannot be read. Training and evaluation leave it out, count it and name it.</summary>
public sealed class UnreadableExampleException : DatasetException
{
    /// <summary>An error with one clear sentence.</summary>
    public UnreadableExampleException(string message) : base(message)
    {
    }

    /// <summary>An error with one clear sentence and its cause.</summary>
    public UnreadableExampleException(string message, Exception inner) : base(message, inner)
    {
    }
}
