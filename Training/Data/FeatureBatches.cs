namespace OnnxFineTune.Training;

/// <summary>Batches of kept features. Their memory is used again from batch to batch.</summary>
internal sealed class FeatureBatches(FeatureTable table, ClassTargets targets) : IBatchSource
{
    /// <inheritdoc/>
    public IReadOnlyList<int> Examples => table.Examples;

    /// <inheritdoc/>
    public IEnumerable<Batch> Batches(IReadOnlyList<int[]> examples, CancellationToken cancellation)
    {
        int largest = examples.Count == 0 ? 0 : examples.Max(e => e.Length);
        float[][] parts = [.. table.Lengths.Select(length => new float[largest * length])];
        float[] targetBuffer = new float[largest * targets.Length];
        float[] scratch = new float[table.Lengths.Sum()];
        foreach (int[] batch in examples)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch.Length; i++)
                table.CopyTo(batch[i], parts, i, scratch);
            ReadOnlyMemory<float>[] inputs = [.. parts.Select((part, i) => new ReadOnlyMemory<float>(part, 0, batch.Length * table.Lengths[i]))];
            yield return new Batch(batch.Length, inputs, targets.Of(batch, targetBuffer));
        }
    }
}
