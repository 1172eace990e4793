using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Runs the frozen layers in front of the trained ones, as a session of its own that the runtime optimizes fully.</summary>
public sealed class FeatureExtractor : IFeatureExtractor, IDisposable
{
    private readonly IReadOnlyList<Value> _features;
    private readonly Value _input;
    private readonly SessionOptions _options;
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private float[][] _outputs = [];

    /// <summary>Opens the frozen part.</summary>
    /// <param name="graph">A training graph with a frozen part.</param>
    /// <param name="threads">Threads of the runtime; 0 takes all cores.</param>
    /// <exception cref="GraphException">Nothing is frozen in front, or the frozen part has more than one input.</exception>
    public FeatureExtractor(TrainingGraph graph, int threads = 0)
    {
        Model frozen = graph.Frozen ?? throw new GraphException("No layers are frozen in front of the trained ones: feed the inputs to the engine as they are.");
        Value[] inputs = [.. frozen.Graph.FeedInputs];
        if (inputs.Length != 1 || inputs[0].ElementType != ElementType.Float || inputs[0].Shape is not { Rank: > 0 })
            throw new GraphException($"The frozen part must read one float input, but reads {string.Join(", ", inputs.Select(i => $"'{i}'"))}.");
        _input = inputs[0];
        _features = graph.Features;
        _options = EngineSession.Options(threads, small: false);
        _session = RuntimeSession.Open(frozen, _options);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ReadOnlyMemory<float>> Extract(ReadOnlyMemory<float> inputs, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        long[] shape = InputShape(inputs.Length, count);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, System.Runtime.InteropServices.MemoryMarshal.AsMemory(inputs), shape);
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, [_input.Name], [input], [.. _features.Select(f => f.Name)]);
        _outputs = [.. results.Select((r, i) => Copied(r, i))];
        return [.. results.Select((r, i) => (ReadOnlyMemory<float>)_outputs[i].AsMemory(0, r.GetTensorDataAsSpan<float>().Length))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }

    /// <summary>The result in the array of the last call where it fits.</summary>
    private float[] Copied(OrtValue result, int index)
    {
        ReadOnlySpan<float> values = result.GetTensorDataAsSpan<float>();
        float[] array = index < _outputs.Length && _outputs[index].Length >= values.Length ? _outputs[index] : new float[values.Length];
        values.CopyTo(array);
        return array;
    }

    private long[] InputShape(int elements, int count)
    {
        long[] shape = [count, .. _input.Shape!.Skip(1).Select(d => d.Value ?? -1)];
        long known = shape.Where(d => d >= 0).Aggregate(1L, (a, b) => a * b);
        int open = shape.Count(d => d < 0);
        if (open > 1 || (open == 0 ? known != elements : elements % known != 0))
            throw new ArgumentException($"{elements} elements do not make {count} examples of '{_input}'.");
        return [.. shape.Select(d => d < 0 ? elements / known : d)];
    }
}
