namespace OnnxFineTune.Training;

/// <summary>Batches of examples that are loaded each time, ahead of the training thread.</summary>
/// <param name="dataset">The examples.</param>
/// <param name="targets">Their targets.</param>
/// <param name="examples">Those of the data set's examples that this source has, ascending; an unreadable one is found when it is loaded, and left out of its batch.</param>
/// <param name="threads">How many examples are loaded at once.</param>
/// <param name="unreadable">Takes the examples that cannot be read.</param>
internal sealed class LoadedBatches(IDataset dataset, ClassTargets targets, IReadOnlyList<int> examples, int threads, UnreadableExamples unreadable) : IBatchSource
{
    private readonly ExampleLoader _loader = new(dataset, threads, unreadable);

    /// <inheritdoc/>
    public IReadOnlyList<int> Examples => examples;

    /// <inheritdoc/>
    public IEnumerable<Batch> Batches(IReadOnlyList<int[]> batches, CancellationToken cancellation)
    {
        float[] targetBuffer = new float[(batches.Count == 0 ? 0 : batches.Max(b => b.Length)) * targets.Length];
        foreach (LoadedExamples loaded in _loader.Load(batches, cancellation))
            if (loaded.Indices.Count > 0)
                yield return new Batch(loaded.Indices.Count, [loaded.Inputs], targets.Of(loaded.Indices, targetBuffer));
    }
}
