using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery;

/// <summary>Opens models in memory as ONNX Runtime sessions.</summary>
public static class RuntimeSession
{
    /// <summary>A session on <paramref name="model"/> as it is now, owned by the caller.</summary>
    /// <exception cref="GraphException">ONNX Runtime refuses the model; the message carries its reason.</exception>
    public static InferenceSession Open(Model model, SessionOptions? options = null)
    {
        try
        {
            using SessionOptions? own = options is null ? new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR } : null;
            return new InferenceSession(model.ToBytes(), options ?? own!);
        }
        catch (OnnxRuntimeException e)
        {
            throw new GraphException($"ONNX Runtime cannot open the model: {e.Message}", e);
        }
    }

    /// <summary>Runs the model once and returns its outputs by name.</summary>
    public static IReadOnlyDictionary<string, TensorData> RunOnce(Model model, IReadOnlyDictionary<string, TensorData> feeds, SessionOptions? options = null)
    {
        using InferenceSession session = Open(model, options);
        Dictionary<string, OrtValue> inputs = feeds.ToDictionary(f => f.Key, f => f.Value.ToOrtValue());
        try
        {
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, session.OutputNames);
            return session.OutputNames.Zip(outputs).ToDictionary(o => o.First, o => o.Second.ToTensorData());
        }
        finally
        {
            foreach (OrtValue input in inputs.Values)
                input.Dispose();
        }
    }
}
