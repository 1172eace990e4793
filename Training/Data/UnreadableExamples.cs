using System.Collections.Concurrent;

namespace OnnxFineTune.Training;

/// <summary>The examples that could not be read, each named once with the reason. Safe from several threads.</summary>
internal sealed class UnreadableExamples
{
    private readonly ConcurrentDictionary<string, string> _messages = new(StringComparer.Ordinal);

    /// <summary>One sentence per example, ordered by the examples' names.</summary>
    public IReadOnlyList<string> Messages => [.. _messages.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Value)];

    /// <summary>Notes an example.</summary>
    /// <returns>Whether it was not noted before.</returns>
    public bool Add(string name, UnreadableExampleException reason) => _messages.TryAdd(name, reason.Message);
}
