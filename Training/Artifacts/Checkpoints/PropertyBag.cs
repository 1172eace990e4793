namespace OnnxFineTune.Training;

/// <summary>Named values that a program keeps in a <see cref="Checkpoint"/>, such as the epoch; names are unique across all three kinds.</summary>
public sealed record PropertyBag
{
    /// <summary>Integers by name.</summary>
    public IReadOnlyDictionary<string, long> Ints { get; init; } = new Dictionary<string, long>();

    /// <summary>Numbers by name.</summary>
    public IReadOnlyDictionary<string, float> Floats { get; init; } = new Dictionary<string, float>();

    /// <summary>Texts by name.</summary>
    public IReadOnlyDictionary<string, string> Strings { get; init; } = new Dictionary<string, string>();

    /// <summary>Number of properties.</summary>
    public int Count => Ints.Count + Floats.Count + Strings.Count;
}
