using System.Runtime.CompilerServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Surgery;

/// <summary>Opens models in memory as ONNX Runtime sessions.</summary>
public static class RuntimeSession
{
    /// <summary>Initializers of fewer bytes are handed over inside the model.</summary>
    internal const long SharedFrom = 1 << 16;

    // A session reads large weights where they lie, so they must live as long.
    private static readonly ConditionalWeakTable<InferenceSession, RuntimeInitializers> Shared = [];

    /// <summary>A session on <paramref name="model"/> as it is now, owned by the caller. Large weights are not copied.</summary>
    /// <exception cref="GraphException">ONNX Runtime refuses the model; the message carries its reason.</exception>
    public static InferenceSession Open(Model model, SessionOptions? options = null) => Open(model, options, SharedFrom);

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

    /// <summary>A session that reads initializers of at least <paramref name="sharedFrom"/> bytes where they lie.</summary>
    internal static InferenceSession Open(Model model, SessionOptions? options, long sharedFrom)
    {
        RuntimeInitializers initializers = new(sharedFrom);
        try
        {
            using SessionOptions? own = options is null ? new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR } : null;
            byte[] bytes = SerializedModel.Of(model, initializers).ToArray();
            if (initializers.IsEmpty)
                return new InferenceSession(bytes, options ?? own!);
            using SessionOptions extended = initializers.AddTo(options ?? own!);
            InferenceSession session = new(bytes, extended);
            Shared.Add(session, initializers);
            return session;
        }
        catch (OnnxRuntimeException e)
        {
            throw new GraphException($"ONNX Runtime cannot open the model: {e.Message}", e);
        }
        finally
        {
            initializers.ReleaseViews();
        }
    }
}
