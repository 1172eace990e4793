using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A session on a finished model that takes examples of one shape.</summary>
internal sealed class EvaluationSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly SessionOptions _options;
    private readonly RunOptions _run = new();
    private readonly string _input;
    private readonly string _output;
    private readonly long[] _example;
    private readonly float[]? _padded;

    /// <exception cref="DatasetException">Examples of this shape do not fit the model.</exception>
    /// <exception cref="GraphException">The model has more than one input, or ONNX Runtime refuses it.</exception>
    public EvaluationSession(Model model, Shape example, EvaluatorOptions options)
    {
        Model runnable = model.Graph.FeedInputs.Any(i => i.ElementType == ElementType.Float16) ? model.ToWorkingForm() : model;
        Value input = runnable.Graph.FeedInputs.ToArray() is [{ ElementType: ElementType.Float } only] ? only
            : throw new GraphException("A model to measure must have one float input.");
        _example = example.ToArray();
        Shape taken = input.Shape ?? new Shape([Dimension.Unknown, .. _example.Select(d => (Dimension)d)]);
        if (taken.Rank != _example.Length + 1 || taken.Skip(1).Zip(_example).Any(d => d.First.Value is { } size && size != d.Second))
            throw new DatasetException($"The examples are {example}, but the model takes {taken} as '{input.Name}'. Prepare them in that size and layout.");
        Value output = runnable.Graph.Outputs[0];
        (_input, _output) = (input.Name, output.Name);
        OutputActivation = classes => ScoreActivations.Find(output, classes);
        BatchSize = (int)(taken[0].Value ?? options.BatchSize);
        if (taken[0].IsStatic)
            _padded = new float[checked(BatchSize * (int)example.ElementCount!.Value)];
        _options = EngineSession.Options(options.ThreadCount, small: false);
        _session = RuntimeSession.Open(runnable, _options);
    }

    /// <summary>Examples in one run at most: the model's own batch size where that is fixed.</summary>
    public int BatchSize { get; }

    /// <summary>What the output lacks to be probabilities of so many classes.</summary>
    public Func<int, ScoreActivation> OutputActivation { get; }

    /// <summary>The output for some examples, row by row.</summary>
    public float[] Run(ReadOnlyMemory<float> inputs, int count)
    {
        int fed = count;
        if (_padded is not null)
        {
            inputs.CopyTo(_padded);        // a fixed batch is filled up; what comes of the rest is dropped
            (inputs, fed) = (_padded, BatchSize);
        }
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, MemoryMarshal.AsMemory(inputs), [fed, .. _example]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, [_input], [input], [_output]);
        float[] values = outputs[0].ToTensorData().ToFloats();
        return values[..(values.Length / fed * count)];
    }

    /// <summary>Closes the session.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }
}
