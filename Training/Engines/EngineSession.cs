using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Training;

/// <summary>How the engines open sessions of ONNX Runtime.</summary>
internal static class EngineSession
{
    /// <summary>Full optimization, nodes one after the other, <paramref name="threads"/> within a node (0: all cores); owned by the caller.</summary>
    public static SessionOptions Options(int threads) => new()
    {
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        IntraOpNumThreads = threads,
        InterOpNumThreads = 1,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };
}
