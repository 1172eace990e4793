using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Training;

/// <summary>How the engines open sessions of ONNX Runtime.</summary>
internal static class EngineSession
{
    /// <summary>Full optimization, nodes one after the other, <paramref name="threads"/> within a node (0: all cores); owned by the caller.</summary>
    /// <param name="threads">Threads.</param>
    /// <param name="small">
    /// Whether a run takes microseconds. Then the runtime lays all tensors of a run out in one block, as learned from the first run, and its threads wait for the next run awake. For a large
    /// graph both would be wrong: what the first run took is kept beside the block, which doubles the memory, and threads that wait awake hold cores which another session needs.
    /// </param>
    public static SessionOptions Options(int threads, bool small)
    {
        SessionOptions options = new()
        {
            EnableMemoryPattern = small,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (!small)
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        return options;
    }
}
