using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A random batch for a training graph, from the shapes that it declares.</summary>
internal sealed class MadeUpBatch
{
    /// <summary>What free dimensions besides the batch become: heights and widths of images, lengths otherwise.</summary>
    private const long Image = 64, Length = 8;

    private readonly TrainingGraph _graph;
    private readonly long _batch;
    private readonly SeededRandom _random;

    public MadeUpBatch(TrainingGraph graph, int batch, int seed)
    {
        (_graph, _batch) = (graph, batch);
        _random = new SeededRandom(seed, stream: -1);
    }

    /// <summary>Inputs: numbers from −1 to 1, and zeros and ones for integers.</summary>
    /// <exception cref="TrainingException">An input has no known rank, or a type that cannot be made up.</exception>
    public IReadOnlyDictionary<string, TensorData> Inputs() => _graph.Features.ToDictionary(f => f.Name, f =>
    {
        Shape shape = f.Shape is { } known ? Shape.Of([.. known.Select((d, i) => BatchMultiple.SizeOf(d, _batch) ?? (i == 0 ? _batch : known.Rank == 4 ? Image : Length))])
            : throw new TrainingException($"The shape of the input '{f.Name}' is unknown, so none can be made up; give inputs and labels.");
        return Filled(f, shape, limit: 2);
    });

    /// <summary>Targets that fit the inputs: classes, yes or no, or numbers.</summary>
    /// <param name="inputs">The inputs, where they are given.</param>
    public TensorData Targets(IReadOnlyDictionary<string, TensorData>? inputs)
    {
        long batch = inputs?.Values.FirstOrDefault(i => i.Shape.Rank > 0)?.Shape[0].Value ?? _graph.Features[0].Shape?[0].Value ?? _batch;
        Value targets = _graph.Targets;
        Shape shape = Shape.Of([.. targets.Shape!.Select((d, i) => BatchMultiple.SizeOf(d, batch) ?? (i == 0 ? batch
            : throw new TrainingException($"The labels are {targets.Shape}, which cannot be made up; give inputs and labels.")))]);
        int limit = _graph.OutputKind == OutputKind.ClassLogits ? (int)_graph.Output.Shape![-1].Value!.Value : 2;
        if (_graph.OutputKind == OutputKind.ClassLogits && targets.ElementType == ElementType.Float)
            return TensorData.FromFloats(Probabilities(shape), shape.ToArray());
        return _graph.OutputKind == OutputKind.LabelLogits ? TensorData.FromFloats(Numbers(shape, () => (float)_random.Next(2)), shape.ToArray()) : Filled(targets, shape, limit);
    }

    /// <summary>Rows of numbers that sum to 1.</summary>
    private float[] Probabilities(Shape shape)
    {
        int classes = (int)shape[-1].Value!.Value;
        return [.. Numbers(shape, () => _random.NextSingle() + float.Epsilon).Chunk(classes).SelectMany(row => row.Select(p => p / row.Sum()))];
    }

    private TensorData Filled(Value value, Shape shape, int limit) => value.ElementType switch
    {
        ElementType.Float => TensorData.FromFloats(Numbers(shape, () => _random.NextSingle() * 2 - 1), shape.ToArray()),
        ElementType.Int64 => TensorData.FromLongs(Numbers(shape, () => (long)_random.Next(limit)), shape.ToArray()),
        ElementType.Int32 => TensorData.FromBytes(ElementType.Int32, shape, MemoryMarshal.AsBytes<int>(Numbers(shape, () => _random.Next(limit))).ToArray()),
        ElementType.Bool => TensorData.FromBytes(ElementType.Bool, shape, Numbers(shape, () => (byte)1)),
        _ => throw new TrainingException($"The input '{value.Name}' is {value.ElementType}, which cannot be made up; give inputs and labels."),
    };

    private static T[] Numbers<T>(Shape shape, Func<T> next)
    {
        T[] numbers = new T[shape.ElementCount!.Value];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = next();
        return numbers;
    }
}
