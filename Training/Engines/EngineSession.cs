using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Training;

/// <summary>How the engines open sessions of ONNX Runtime.</summary>
internal static class EngineSession
{
    /// <summary>Full optimization, nodes one after the other, <paramref name="threads"/> within a node (0: all cores); owned by the caller.</summary>
    /// <param name="threads">Threads.</param>
    /// <param name="memoryPattern">
    /// Whether the runtime lays all tensors of a run out in one block, as learned from the first run. That saves small graphs some microseconds, and doubles the memory of
    /// large ones: what the first run took is kept beside the block.
    /// </param>
    public static SessionOptions Options(int threads, bool memoryPattern = true) => new()
    {
        EnableMemoryPattern = memoryPattern,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        IntraOpNumThreads = threads,
        InterOpNumThreads = 1,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };
}
