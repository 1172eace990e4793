using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Turns batches, or parts of them, into what the artifacts' models take, in the order of their inputs.</summary>
internal sealed class BatchFeeds
{
    private readonly TrainingGraph _graph;
    private readonly bool _weighted;

    /// <param name="graph">What the artifacts were made of.</param>
    /// <param name="weighted">Whether the training model takes <see cref="TrainingArtifacts.GradientWeightInput"/>.</param>
    /// <exception cref="GraphException">An input is neither of floats nor of integers, or a size but that of the batch is unknown.</exception>
    public BatchFeeds(TrainingGraph graph, bool weighted)
    {
        (_graph, _weighted) = (graph, weighted);
        Sizes = new ExampleSizes(graph);
        foreach (Value input in graph.Features)
            if (input.ElementType is not (ElementType.Float or ElementType.Int64 or ElementType.Int32))
                throw new GraphException($"The input '{input}' cannot be fed from a batch of numbers; inputs must be Float, Int64 or Int32.");
    }

    /// <summary>Sizes of one example.</summary>
    public ExampleSizes Sizes { get; }

    /// <summary>Number of inputs of a training step.</summary>
    public int TrainingInputs => _graph.Features.Count + 1 + (_graph.DropoutStep is null ? 0 : 1) + (_weighted ? 1 : 0);

    /// <summary>The inputs of a training step on some examples of a batch.</summary>
    /// <param name="batch">A batch that was checked.</param>
    /// <param name="start">The first example.</param>
    /// <param name="count">Number of examples.</param>
    /// <param name="dropoutStep">Another number in each step.</param>
    public List<TensorData> Training(Batch batch, int start, int count, long dropoutStep)
    {
        List<TensorData> feeds = Examples(batch, start, count);
        if (_graph.DropoutStep is not null)
            feeds.Add(TensorData.Vector(dropoutStep));
        if (_weighted)
            feeds.Add(TensorData.FromFloats([(float)count / batch.Count], 1));
        return feeds;
    }

    /// <summary>The inputs of an evaluation step on a batch that was checked.</summary>
    public List<TensorData> Evaluation(Batch batch) => Examples(batch, 0, batch.Count);

    private List<TensorData> Examples(Batch batch, int start, int count)
    {
        List<TensorData> feeds = [.. batch.Inputs.Select((values, i) => Slice(_graph.Features[i].ElementType, values.Span, Sizes.Features[i], start, count))];
        feeds.Add(Slice(_graph.Targets.ElementType, batch.Targets.Span, Sizes.Targets, start, count));
        return feeds;
    }

    private static TensorData Slice(ElementType type, ReadOnlySpan<float> values, long[] size, int start, int count)
    {
        int one = ExampleSizes.Count(size);
        ReadOnlySpan<float> part = values.Slice(start * one, count * one);
        Shape shape = Shape.Of([count, .. size]);
        return type switch
        {
            ElementType.Int64 => Converted<long>(type, part, shape),
            ElementType.Int32 => Converted<int>(type, part, shape),
            _ => TensorData.FromBytes(type, shape, MemoryMarshal.AsBytes(part).ToArray()),
        };
    }

    private static TensorData Converted<T>(ElementType type, ReadOnlySpan<float> values, Shape shape) where T : unmanaged, System.Numerics.INumber<T>
    {
        T[] numbers = new T[values.Length];
        TensorPrimitives.ConvertTruncating(values, numbers);
        return TensorData.FromBytes(type, shape, MemoryMarshal.AsBytes<T>(numbers).ToArray());
    }
}
