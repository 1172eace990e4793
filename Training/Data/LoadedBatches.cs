namespace OnnxFineTune.Training;

/// <summary>Batches of examples that are loaded each time, ahead of the training thread.</summary>
internal sealed class LoadedBatches(IDataset dataset, ClassTargets targets, int threads, UnreadableExamples unreadable) : IBatchSource
{
    private readonly ExampleLoader _loader = new(dataset, threads, unreadable);

    /// <summary>All examples; an unreadable one is found when it is loaded, and left out of its batch.</summary>
    public IReadOnlyList<int> Examples { get; } = [.. Enumerable.Range(0, dataset.Count)];

    /// <inheritdoc/>
    public IEnumerable<Batch> Batches(IReadOnlyList<int[]> examples, CancellationToken cancellation)
    {
        float[] targetBuffer = new float[(examples.Count == 0 ? 0 : examples.Max(e => e.Length)) * targets.Length];
        foreach (LoadedExamples loaded in _loader.Load(examples, cancellation))
            if (loaded.Indices.Count > 0)
                yield return new Batch(loaded.Indices.Count, [loaded.Inputs], targets.Of(loaded.Indices, targetBuffer));
    }
}
