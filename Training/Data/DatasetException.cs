namespace OnnxFineTune.Training;

/// <summary>Data that cannot be used as asked; the message names the thing, the reason and the remedy.</summary>
public class DatasetException : Exception
{
    /// <summary>An error with one clear sentence.</summary>
    public DatasetException(string message) : base(message)
    {
    }

    /// <summary>An error with one clear sentence and its cause.</summary>
    public DatasetException(string message, Exception inner) : base(message, inner)
    {
    }
}
