namespace OnnxFineTune.Training;

/// <summary>Batches of kept features. Their memory is used again from batch to batch.</summary>
/// <param name="table">The features.</param>
/// <param name="targets">Their targets.</param>
/// <param name="examples">Those of the table's examples that this source has, ascending.</param>
internal sealed class FeatureBatches(FeatureTable table, ClassTargets targets, IReadOnlyList<int> examples) : IBatchSource
{
    /// <inheritdoc/>
    public IReadOnlyList<int> Examples => examples;

    /// <inheritdoc/>
    public IEnumerable<Batch> Batches(IReadOnlyList<int[]> batches, CancellationToken cancellation)
    {
        int largest = batches.Count == 0 ? 0 : batches.Max(b => b.Length);
        float[][] parts = [.. table.Lengths.Select(length => new float[largest * length])];
        float[] targetBuffer = new float[largest * targets.Length];
        float[] scratch = new float[table.Lengths.Sum()];
        foreach (int[] batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch.Length; i++)
                table.CopyTo(batch[i], parts, i, scratch);
            ReadOnlyMemory<float>[] inputs = [.. parts.Select((part, i) => new ReadOnlyMemory<float>(part, 0, batch.Length * table.Lengths[i]))];
            yield return new Batch(batch.Length, inputs, targets.Of(batch, targetBuffer));
        }
    }
}
