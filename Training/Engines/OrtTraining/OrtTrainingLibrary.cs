using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Whether the native ONNX Runtime at hand is a training build.</summary>
internal static class OrtTrainingLibrary
{
    /// <summary>Why <see cref="OrtTrainingEngine"/> cannot run here, in one sentence; null where it can.</summary>
    public static string? Reason => OrtNative.CanTrain ? null : Missing;

    /// <summary>What to do about an ordinary build.</summary>
    public const string Missing =
        "The ONNX Runtime at hand is no training build: replace the package Microsoft.ML.OnnxRuntime by Microsoft.ML.OnnxRuntime.Training 1.19.2, for the command line with 'dotnet build -p:OnnxRuntimeTraining=true'.";

    /// <summary>Fails where there is no training build.</summary>
    /// <exception cref="TrainingException">Says which package to add.</exception>
    public static void Require()
    {
        if (Reason is { } reason)
            throw new TrainingException(reason);
    }
}
