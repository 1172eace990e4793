namespace OnnxFineTune.Training;

/// <summary>Computes the features of examples once: decoding on all cores while ONNX Runtime works, and not at all where an earlier run kept them.</summary>
/// <param name="store">Where features are kept.</param>
/// <param name="extractor">Made when the first features have to be computed.</param>
/// <param name="threads">How many examples are read at once.</param>
/// <param name="unreadable">Takes the examples that cannot be read.</param>
internal sealed class FeatureCache(FeatureStore store, Lazy<IFeatureExtractor> extractor, int threads, UnreadableExamples unreadable)
{
    /// <summary>Examples in one run of the frozen part: enough for the runtime's threads, little memory.</summary>
    private const int ExtractedAtOnce = 16;

    /// <summary>The features of all examples of a data set.</summary>
    /// <param name="done">Takes the number of examples whose features are there.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; what was computed so far is kept for the next run.</exception>
    public FeatureTable Compute(IDataset dataset, Action<int> done, CancellationToken cancellation)
    {
        ContentHash?[] hashes = Hash(dataset, cancellation);
        int[] missing = [.. Enumerable.Range(0, hashes.Length).Where(i => hashes[i] is { } hash && !store.Contains(hash)).DistinctBy(i => hashes[i])];
        int known = hashes.Length - missing.Length;
        done(known);
        if (missing.Length > 0)
            Extract(dataset, hashes, missing, computed => done(known + computed), cancellation);
        for (int i = 0; i < hashes.Length; i++)
            if (hashes[i] is { } hash && !store.Contains(hash))
                hashes[i] = null;
        return new FeatureTable(store, hashes);
    }

    private ContentHash?[] Hash(IDataset dataset, CancellationToken cancellation)
    {
        ContentHash?[] hashes = new ContentHash?[dataset.Count];
        Parallel.For(0, dataset.Count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, i =>
        {
            try
            {
                hashes[i] = dataset.HashOf(i);
            }
            catch (UnreadableExampleException e)
            {
                unreadable.Add(dataset.NameOf(i), e);
            }
        });
        return hashes;
    }

    private void Extract(IDataset dataset, ContentHash?[] hashes, int[] missing, Action<int> done, CancellationToken cancellation)
    {
        int computed = 0;
        ExampleLoader loader = new(dataset, threads, unreadable);
        foreach (LoadedExamples batch in loader.Load([.. missing.Chunk(ExtractedAtOnce)], cancellation))
        {
            int count = batch.Indices.Count;
            if (count == 0)
                continue;
            IReadOnlyList<ReadOnlyMemory<float>> parts = extractor.Value.Extract(batch.Inputs, count);
            int[] lengths = [.. parts.Select(p => p.Length / count)];
            store.Add(lengths, [.. batch.Indices.Select(i => hashes[i]!.Value)], Interleave(parts, lengths, count));
            done(computed += count);
        }
    }

    /// <summary>Parts by example instead of examples by part.</summary>
    private static ReadOnlySpan<float> Interleave(IReadOnlyList<ReadOnlyMemory<float>> parts, int[] lengths, int count)
    {
        if (parts.Count == 1)
            return parts[0].Span;
        float[] rows = new float[count * lengths.Sum()];
        int place = 0;
        for (int example = 0; example < count; example++)
            for (int i = 0; i < parts.Count; i++)
            {
                parts[i].Span.Slice(example * lengths[i], lengths[i]).CopyTo(rows.AsSpan(place));
                place += lengths[i];
            }
        return rows;
    }
}
