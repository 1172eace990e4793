using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>An ONNX Runtime session on an image classifier: a batch of numbers in, a batch of probabilities out. Safe from several threads.</summary>
internal sealed class ClassifierSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly ImageInput _input;
    private readonly ImagePreprocessing _preprocessing;
    private readonly string _output;
    private readonly ScoreActivation _activation;

    /// <param name="preprocessing">Fits the model's image input.</param>
    /// <exception cref="GraphException">ONNX Runtime refuses the model, or it gives no score for each class.</exception>
    public ClassifierSession(Model model, ImagePreprocessing preprocessing, PredictorOptions options)
    {
        _input = ImageInput.Of(model);
        _preprocessing = preprocessing;
        Value output = model.Graph.Outputs.Count > 0 ? model.Graph.Outputs[0] : throw new GraphException("The model has no output.");
        _output = output.Name;
        using SessionOptions? own = options.Session is null
            ? new SessionOptions { IntraOpNumThreads = options.Threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR } : null;
        _session = RuntimeSession.Open(model, options.Session ?? own);
        try
        {
            Classes = CountClasses(_session.OutputMetadata[_output]);
            _activation = options.Activation ?? ScoreActivations.Find(output, Classes);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>The static batch size, or null where any is taken.</summary>
    public int? Batch => _input.Batch;

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>The probabilities of a batch of pictures, <see cref="Classes"/> numbers for each.</summary>
    /// <param name="numbers">What the preprocessing gave, picture by picture.</param>
    /// <param name="count">Number of pictures; <see cref="Batch"/> where that is fixed.</param>
    public float[] Run(Memory<float> numbers, int count)
    {
        float[] scores = RunModel(numbers, count, out long[] shape);
        if (scores.Length != count * Classes)
            throw NoScores(shape);
        for (int i = 0; i < count; i++)
            ScoreActivations.Apply(_activation, scores.AsSpan(i * Classes, Classes));
        return scores;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private float[] RunModel(Memory<float> numbers, int count, out long[] shape)
    {
        using OrtValue batch = ToOrtValue(numbers, _preprocessing.BatchShape(count).ToArray());
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, [_input.Value.Name], [batch], [_output]);
        TensorData scores = outputs[0].ToTensorData();
        shape = scores.Shape.ToArray();
        return scores.ToFloats();
    }

    private OrtValue ToOrtValue(Memory<float> numbers, long[] shape)
    {
        if (_input.Value.ElementType == ElementType.Float)
            return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, numbers, shape);
        OrtValue halves = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16, shape);
        TensorPrimitives.ConvertToHalf(numbers.Span, MemoryMarshal.Cast<byte, Half>(halves.GetTensorMutableRawData()));
        return halves;
    }

    /// <summary>The number of classes from the output's declared shape or, where that leaves it open, from one run on zeros.</summary>
    private int CountClasses(NodeMetadata output)
    {
        if (!output.IsTensor || !IsNumber(output.ElementDataType))
            throw new GraphException($"The model's output '{_output}' holds no scores but {output.ElementDataType}.");
        long[] shape = Array.ConvertAll(output.Dimensions, d => (long)d);
        if (shape.Length < 2 || shape.AsSpan(1).ContainsAnyInRange(long.MinValue, 0))
        {
            int count = Batch ?? 1;
            RunModel(new float[count * _preprocessing.Length], count, out shape);
        }
        return shape.Length >= 2 && shape.Skip(1).Count(d => d != 1) <= 1 ? (int)shape.Skip(1).Aggregate(1L, (a, b) => a * b) : throw NoScores(shape);
    }

    private static bool IsNumber(Microsoft.ML.OnnxRuntime.Tensors.TensorElementType type) => ((ElementType)type).IsFloatingPoint();

    private GraphException NoScores(long[] shape) =>
        new($"The model is no image classifier: its output '{_output}' is {Shape.Of(shape)}, not one score for each class ([N, classes]).");
}
