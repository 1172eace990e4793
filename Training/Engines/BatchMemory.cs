using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Inputs and outputs of a step, allocated once for the largest batch; smaller batches use the front part. Inputs are copied in, but where a batch comes in the
/// arrays of the one before, as from a loop that uses its memory again, they are read where they lie from then on.
/// </summary>
internal sealed class BatchMemory : IDisposable
{
    private readonly PinnedBuffer<float>[] _features;
    private readonly BoundInputs _own;
    private readonly ArraySegment<float>[] _last;           // where the inputs lay that were copied last
    private BoundInputs? _borrowed;
    private readonly PinnedBuffer<long>? _classes;
    private readonly PinnedBuffer<float>? _values;
    private readonly PinnedBuffer<float> _output, _loss = new(1);
    private readonly TrainingGraph _graph;
    private readonly ExampleSizes _sizes;

    public BatchMemory(TrainingGraph graph, int capacity)
    {
        _graph = graph;
        Capacity = capacity;
        _sizes = new ExampleSizes(graph);
        _features = [.. _sizes.Features.Select(s => NewBuffer<float>(s))];
        _own = new BoundInputs(_features.Select(f => f.Segment));
        _last = new ArraySegment<float>[_features.Length];
        if (graph.Targets.ElementType == ElementType.Int64)
            _classes = NewBuffer<long>(_sizes.Targets);
        else
            _values = NewBuffer<float>(_sizes.Targets);
        _output = NewBuffer<float>(_sizes.Output);
    }

    /// <summary>Examples that fit.</summary>
    public int Capacity { get; }

    /// <summary>The loss of the last step.</summary>
    public float Loss => _loss.Span[0];

    /// <summary>The outputs of the last step.</summary>
    public ReadOnlyMemory<float> Outputs(int count) => _output.First(count * ExampleSizes.Count(_sizes.Output));

    /// <summary>Takes a batch in.</summary>
    /// <returns>What reads it.</returns>
    /// <exception cref="ArgumentException">The number of inputs, of their elements or of targets does not fit.</exception>
    public StepBinding Load(Batch batch)
    {
        _sizes.Check(batch);
        if (_values is not null)
            batch.Targets.Span.CopyTo(_values.Span);
        else
            TensorPrimitives.ConvertTruncating(batch.Targets.Span, _classes!.Span[..batch.Targets.Length]);
        return LoadInputs(batch).Binding(batch.Count, this);
    }

    /// <summary>Runtime tensors over inputs and targets of the first <paramref name="count"/> examples, by name in the training graph; owned by the caller.</summary>
    public Dictionary<string, OrtValue> Inputs(BoundInputs inputs, int count)
    {
        Dictionary<string, OrtValue> tensors = [];
        for (int i = 0; i < _features.Length; i++)
            tensors[_graph.Features[i].Name] = inputs.Tensor(i, [count, .. _sizes.Features[i]]);
        tensors[_graph.Targets.Name] = _classes?.Tensor([count, .. _sizes.Targets]) ?? _values!.Tensor([count, .. _sizes.Targets]);
        return tensors;
    }

    /// <summary>Runtime tensors that take loss and output, by name in the training graph; owned by the caller.</summary>
    public Dictionary<string, OrtValue> Results(int count) => new()
    {
        [_graph.Loss.Name] = _loss.Tensor([]),
        [_graph.Output.Name] = _output.Tensor([count, .. _sizes.Output]),
    };

    public void Dispose()
    {
        _own.Dispose();
        _borrowed?.Dispose();
    }

    private PinnedBuffer<T> NewBuffer<T>(long[] size) where T : unmanaged => new(checked(Capacity * ExampleSizes.Count(size)));

    private BoundInputs LoadInputs(Batch batch)
    {
        if (_borrowed is not null && _borrowed.Hold(batch))
        {
            Array.Clear(_last);
            return _borrowed;
        }
        bool again = true;
        for (int i = 0; i < _features.Length; i++)
        {
            MemoryMarshal.TryGetArray(batch.Inputs[i], out ArraySegment<float> segment);
            again &= BoundInputs.StartAlike(segment, _last[i]);
            _last[i] = segment;
        }
        if (again)
        {
            _borrowed?.Dispose();
            return _borrowed = new BoundInputs(_last);
        }
        for (int i = 0; i < _features.Length; i++)
            batch.Inputs[i].Span.CopyTo(_features[i].Span);
        return _own;
    }
}
