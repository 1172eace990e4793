namespace OnnxFineTune.Benchmarks;

/// <summary>Options of a benchmark: pairs of <c>--name value</c>.</summary>
internal sealed class Arguments(IReadOnlyList<string> arguments)
{
    /// <summary>A text, or null where it is not given.</summary>
    public string? Text(string name)
    {
        for (int i = 0; i + 1 < arguments.Count; i++)
            if (arguments[i] == name)
                return arguments[i + 1];
        return null;
    }

    /// <summary>A text that must be given.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public string Required(string name) => Text(name) ?? throw new ArgumentException($"{name} is missing.");

    /// <summary>A whole number.</summary>
    public int Number(string name, int fallback) => Text(name) is { } text ? int.Parse(text) : fallback;
}
