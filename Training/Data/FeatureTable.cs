namespace OnnxFineTune.Training;

/// <summary>The features of a data set's examples; those that could not be read have none.</summary>
/// <param name="store">Holds the features; it outlives the table.</param>
/// <param name="hashes">Content hash by example; null where the example could not be read.</param>
internal sealed class FeatureTable(FeatureStore store, ContentHash?[] hashes)
{
    private readonly float[]?[] _rows = Array.ConvertAll(hashes, h => h is { } hash ? store.InMemory(hash) : null);
    private readonly int[] _starts = [.. store.Lengths.Select((_, i) => store.Lengths.Take(i).Sum())];

    /// <summary>Floats of each part of an example's features: one part per input of the trained part.</summary>
    public IReadOnlyList<int> Lengths { get; } = [.. store.Lengths];

    /// <summary>The examples that have features, ascending.</summary>
    public IReadOnlyList<int> Examples { get; } = [.. Enumerable.Range(0, hashes.Length).Where(i => hashes[i] is not null)];

    /// <summary>Copies the features of one example, each part to its place among those of the batch.</summary>
    /// <param name="example">An index of <see cref="Examples"/>.</param>
    /// <param name="parts">One array per part, for a whole batch.</param>
    /// <param name="place">Which example of the batch it becomes.</param>
    /// <param name="scratch">Room for one row.</param>
    public void CopyTo(int example, IReadOnlyList<float[]> parts, int place, float[] scratch)
    {
        float[]? row = _rows[example];
        if (row is null)
            store.Read(hashes[example]!.Value, row = scratch);
        for (int i = 0; i < parts.Count; i++)
            row.AsSpan(_starts[i], Lengths[i]).CopyTo(parts[i].AsSpan(place * Lengths[i]));
    }
}
