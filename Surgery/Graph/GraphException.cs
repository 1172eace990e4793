namespace OnnxFineTune.Surgery;

/// <summary>A model or graph that cannot be used as asked; the message names the thing, the reason and the remedy.</summary>
public class GraphException : Exception
{
    /// <summary>An error with one clear sentence.</summary>
    public GraphException(string message) : base(message)
    {
    }

    /// <summary>An error with one clear sentence and its cause.</summary>
    public GraphException(string message, Exception inner) : base(message, inner)
    {
    }
}
