using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Inputs and outputs of a step, allocated once for the largest batch and written in place; smaller batches use the front part.</summary>
internal sealed class BatchMemory
{
    private readonly PinnedBuffer<float>[] _features;
    private readonly PinnedBuffer<long>? _classes;
    private readonly PinnedBuffer<float>? _values;
    private readonly PinnedBuffer<float> _output, _loss = new(1);
    private readonly TrainingGraph _graph;
    private readonly long[][] _featureSizes;
    private readonly long[] _targetSize, _outputSize;

    public BatchMemory(TrainingGraph graph, int capacity)
    {
        _graph = graph;
        Capacity = capacity;
        _featureSizes = [.. graph.Features.Select(SizeOfOne)];
        _targetSize = SizeOfOne(graph.Targets);
        _outputSize = SizeOfOne(graph.Output);
        _features = [.. _featureSizes.Select(s => NewBuffer<float>(s))];
        if (graph.Targets.ElementType == ElementType.Int64)
            _classes = NewBuffer<long>(_targetSize);
        else
            _values = NewBuffer<float>(_targetSize);
        _output = NewBuffer<float>(_outputSize);
    }

    /// <summary>Examples that fit.</summary>
    public int Capacity { get; }

    /// <summary>The loss of the last step.</summary>
    public float Loss => _loss.Span[0];

    /// <summary>The outputs of the last step.</summary>
    public ReadOnlyMemory<float> Outputs(int count) => _output.First(count * Count(_outputSize));

    /// <summary>Copies a batch in.</summary>
    /// <exception cref="ArgumentException">The number of inputs, of their elements or of targets does not fit.</exception>
    public void Load(Batch batch)
    {
        if (batch.Inputs.Count != _features.Length)
            throw new ArgumentException($"The trained part reads {_features.Length} inputs, but the batch holds {batch.Inputs.Count}.");
        for (int i = 0; i < _features.Length; i++)
            Copy(batch.Inputs[i].Span, _features[i].Span, batch.Count * Count(_featureSizes[i]), _graph.Features[i].Name);
        int targets = batch.Count * Count(_targetSize);
        if (_values is not null)
            Copy(batch.Targets.Span, _values.Span, targets, _graph.Targets.Name);
        else if (batch.Targets.Length == targets)
            TensorPrimitives.ConvertTruncating(batch.Targets.Span, _classes!.Span[..targets]);
        else
            throw WrongLength(_graph.Targets.Name, batch.Targets.Length, targets);
    }

    /// <summary>Runtime tensors over the first <paramref name="count"/> examples, by name in the training graph; owned by the caller.</summary>
    public Dictionary<string, OrtValue> Inputs(int count)
    {
        Dictionary<string, OrtValue> tensors = [];
        for (int i = 0; i < _features.Length; i++)
            tensors[_graph.Features[i].Name] = _features[i].Tensor([count, .. _featureSizes[i]]);
        tensors[_graph.Targets.Name] = _classes?.Tensor([count, .. _targetSize]) ?? _values!.Tensor([count, .. _targetSize]);
        return tensors;
    }

    /// <summary>Runtime tensors that take loss and output, by name in the training graph; owned by the caller.</summary>
    public Dictionary<string, OrtValue> Results(int count) => new()
    {
        [_graph.Loss.Name] = _loss.Tensor([]),
        [_graph.Output.Name] = _output.Tensor([count, .. _outputSize]),
    };

    private PinnedBuffer<T> NewBuffer<T>(long[] size) where T : unmanaged => new(checked(Capacity * Count(size)));

    private static int Count(long[] size)
    {
        long count = 1;
        foreach (long d in size)
            count *= d;
        return checked((int)count);
    }

    private static long[] SizeOfOne(Value value) => value.Shape is { Rank: > 0 } shape && shape.Skip(1).All(d => d.IsStatic)
        ? [.. shape.Skip(1).Select(d => d.Value!.Value)]
        : throw new GraphException($"'{value}' must have the batch in the first dimension and known sizes in the others; fix the sizes of the model's inputs.");

    private static void Copy(ReadOnlySpan<float> source, Span<float> destination, int expected, string name)
    {
        if (source.Length != expected)
            throw WrongLength(name, source.Length, expected);
        source.CopyTo(destination);
    }

    private static ArgumentException WrongLength(string name, int actual, int expected) =>
        new($"The batch has {actual} elements for '{name}', but its examples take {expected}.");
}
