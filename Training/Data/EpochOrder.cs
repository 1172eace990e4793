using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Which examples each batch holds.</summary>
internal static class EpochOrder
{
    /// <summary>All examples in an order that depends on the seed and the epoch alone; the last batch takes what is left.</summary>
    /// <param name="smallest">What is left joins the batch before where it is fewer examples than these.</param>
    public static IReadOnlyList<int[]> Shuffled(IReadOnlyList<int> examples, int batchSize, int seed, int epoch, int smallest = 1)
    {
        int[] order = [.. examples];
        new SeededRandom(seed, epoch).Shuffle(order.AsSpan());
        int[][] batches = [.. order.Chunk(batchSize)];
        return batches.Length > 1 && batches[^1].Length < smallest ? [.. batches[..^2], [.. batches[^2], .. batches[^1]]] : batches;
    }

    /// <summary>All examples in their own order.</summary>
    public static IReadOnlyList<int[]> InOrder(IReadOnlyList<int> examples, int batchSize) => [.. examples.Chunk(batchSize)];
}
