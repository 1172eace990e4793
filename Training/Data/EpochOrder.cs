using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Which examples each batch holds.</summary>
internal static class EpochOrder
{
    /// <summary>All examples in an order that depends on the seed and the epoch alone; the last batch takes what is left.</summary>
    public static IReadOnlyList<int[]> Shuffled(IReadOnlyList<int> examples, int batchSize, int seed, int epoch)
    {
        int[] order = [.. examples];
        new SeededRandom(seed, epoch).Shuffle(order.AsSpan());
        return [.. order.Chunk(batchSize)];
    }

    /// <summary>All examples in their own order.</summary>
    public static IReadOnlyList<int[]> InOrder(IReadOnlyList<int> examples, int batchSize) => [.. examples.Chunk(batchSize)];
}
