using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The sizes of one example, without the batch, in what a training graph reads and gives.</summary>
internal sealed class ExampleSizes
{
    private readonly TrainingGraph _graph;

    /// <exception cref="GraphException">A size but that of the batch is unknown.</exception>
    public ExampleSizes(TrainingGraph graph)
    {
        _graph = graph;
        Features = [.. graph.Features.Select(SizeOfOne)];
        Targets = SizeOfOne(graph.Targets);
        Output = SizeOfOne(graph.Output);
    }

    /// <summary>Sizes of an example in each of <see cref="TrainingGraph.Features"/>.</summary>
    public IReadOnlyList<long[]> Features { get; }

    /// <summary>Sizes of an example's targets.</summary>
    public long[] Targets { get; }

    /// <summary>Sizes of the output for one example.</summary>
    public long[] Output { get; }

    /// <summary>The elements of one example.</summary>
    public static int Count(long[] size)
    {
        long count = 1;
        foreach (long d in size)
            count *= d;
        return checked((int)count);
    }

    /// <summary>Fails unless a batch holds what its examples take.</summary>
    /// <exception cref="ArgumentException">The number of examples, of inputs, of their elements or of targets does not fit.</exception>
    public void Check(Batch batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch.Count, 1);
        if (batch.Inputs.Count != Features.Count)
            throw new ArgumentException($"The trained part reads {Features.Count} inputs, but the batch holds {batch.Inputs.Count}.");
        for (int i = 0; i < Features.Count; i++)
            CheckLength(batch.Inputs[i].Length, batch.Count * Count(Features[i]), _graph.Features[i].Name);
        CheckLength(batch.Targets.Length, batch.Count * Count(Targets), _graph.Targets.Name);
    }

    private static long[] SizeOfOne(Value value) => value.Shape is { Rank: > 0 } shape && shape.Skip(1).All(d => d.IsStatic)
        ? [.. shape.Skip(1).Select(d => d.Value!.Value)]
        : throw new GraphException($"'{value}' must have the batch in the first dimension and known sizes in the others; fix the sizes of the model's inputs.");

    private static void CheckLength(int actual, int expected, string name)
    {
        if (actual != expected)
            throw new ArgumentException($"The batch has {actual} elements for '{name}', but its examples take {expected}.");
    }
}
