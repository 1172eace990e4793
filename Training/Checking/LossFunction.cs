using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The loss of a training graph on one batch as a function of its parameters: in float64 where the runtime has all its operators in it, else in float32.</summary>
internal sealed class LossFunction : IDisposable
{
    private readonly InferenceSession _session;
    private readonly SessionOptions _options;
    private readonly RunOptions _run = new();
    private readonly Dictionary<string, OrtValue> _feeds = [];
    private readonly string _loss;

    /// <exception cref="GraphException">ONNX Runtime refuses the graph.</exception>
    public LossFunction(TrainingGraph graph, IReadOnlyDictionary<string, TensorData> feeds, int threads)
    {
        _loss = graph.Loss.Name;
        _options = EngineSession.Options(threads, small: false);
        _options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        Model model = graph.Training.Clone();
        model.Graph.SetOutputs(model.Graph.Get(_loss));
        RemoveUnused.Run(model.Graph);
        (_session, Precision) = OpenWide(model) is { } wide ? (wide, ElementType.Double) : (RuntimeSession.Open(model, _options), ElementType.Float);
        foreach ((string name, TensorData data) in feeds)
            _feeds[name] = (Precision == ElementType.Double && data.ElementType == ElementType.Float ? Widened(data) : data).ToOrtValue();
    }

    /// <summary>The type that the loss is computed in.</summary>
    public ElementType Precision { get; }

    /// <summary>The relative distance of neighbouring numbers in <see cref="Precision"/>.</summary>
    public double Spacing => Precision == ElementType.Double ? Math.Pow(2, -52) : Math.Pow(2, -23);

    /// <summary>The loss with one parameter elsewhere.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="values">Where it is; representable in <see cref="Precision"/>.</param>
    /// <exception cref="TrainingException">The runtime cannot compute with the batch.</exception>
    public double At(string parameter, long[] shape, double[] values)
    {
        using OrtValue moved = Precision == ElementType.Double ? OrtValue.CreateTensorValueFromMemory(values, shape)
            : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => (float)v), shape);
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run,
                _feeds.ToDictionary(f => f.Key, f => f.Key == parameter ? moved : f.Value), [_loss]);
            return Precision == ElementType.Double ? outputs[0].GetTensorDataAsSpan<double>()[0] : outputs[0].GetTensorDataAsSpan<float>()[0];
        }
        catch (OnnxRuntimeException e)
        {
            throw new TrainingException($"ONNX Runtime cannot compute the loss of this batch: {e.Message} Check that the inputs are what the model expects.");
        }
    }

    /// <summary>Closes the session.</summary>
    public void Dispose()
    {
        foreach (OrtValue value in _feeds.Values)
            value.Dispose();
        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }

    private InferenceSession? OpenWide(Model model)
    {
        Model wide = model.Clone();
        WidenToDouble.Run(wide);
        try
        {
            return RuntimeSession.Open(wide, _options);
        }
        catch (GraphException)
        {
            return null;        // an operator has no kernel in float64, as Conv
        }
    }

    private static TensorData Widened(TensorData data) =>
        TensorData.FromBytes(ElementType.Double, data.Shape, MemoryMarshal.AsBytes<double>(Array.ConvertAll(data.ToFloats(), v => (double)v)).ToArray());
}
