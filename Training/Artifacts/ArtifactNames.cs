using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// The names by which ONNX Runtime's training API tells the inputs and outputs of a training model apart (orttraining/training_api, module.cc and
/// utils.cc): what is in the checkpoint is a parameter, then these, and anything else is the caller's.
/// </summary>
internal static class ArtifactNames
{
    /// <summary>Domain of the operators that only ONNX Runtime has.</summary>
    public const string RuntimeDomain = "com.microsoft";

    /// <summary>Input, bool [1]: overwrite the gradient buffers instead of adding to them.</summary>
    public const string LazyResetGrad = "lazy_reset_grad";

    private static readonly string[] GradientEndings = ["_grad.accumulation.buffer", "_grad.accumulation.out", "_grad"];

    /// <summary>The input that takes a parameter's gradient buffer.</summary>
    public static string Buffer(string parameter) => $"{parameter}_grad.accumulation.buffer";

    /// <summary>The output that says that a parameter's buffer was updated.</summary>
    public static string Updated(string parameter) => $"{parameter}_grad.accumulation.out";

    /// <summary>Whether the runtime takes a name for a gradient.</summary>
    public static bool IsGradient(string name) => GradientEndings.Any(e => name.EndsWith(e, StringComparison.Ordinal));

    /// <summary>Whether the runtime takes a name for something other than what a caller feeds or gets.</summary>
    public static bool IsReserved(string name) => name is LazyResetGrad or TrainingArtifacts.GradientWeightInput || IsGradient(name);

    /// <summary>Makes a name free in a graph: a value inside the graph that has it gets another.</summary>
    /// <exception cref="TrainingException">A parameter or an input has the name.</exception>
    public static string Claim(Graph graph, string name)
    {
        if (graph.Find(name) is not { } taken)
            return name;
        if (taken.Producer is null)
            throw new TrainingException($"The model has a parameter or an input '{name}', and ONNX Runtime's training API keeps that name for itself; rename it in the model.");
        graph.Rename(taken, graph.UniqueName($"{name}_value"));
        return name;
    }
}
