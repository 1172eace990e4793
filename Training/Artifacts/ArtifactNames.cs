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

    /// <summary>Whether an input or output that a caller feeds or gets may not have a name.</summary>
    public static bool IsReserved(string name) => name is LazyResetGrad or TrainingArtifacts.GradientWeightInput || IsGradient(name);

    /// <summary>Refuses parameters that have a name that the training model needs for something else.</summary>
    /// <exception cref="TrainingException">There is one.</exception>
    public static void CheckParameters(IReadOnlyCollection<string> trained, IEnumerable<string> frozen)
    {
        HashSet<string> needed = [LazyResetGrad, TrainingArtifacts.GradientWeightInput, .. trained.Select(Buffer), .. trained.Select(Updated)];
        if (trained.Concat(frozen).FirstOrDefault(needed.Contains) is { } taken)
            throw new TrainingException($"The model has a parameter '{taken}', a name that ONNX Runtime's training API keeps for itself; rename the parameter.");
    }

    /// <summary>Makes a name free in a graph: a value inside the graph that has it gets another.</summary>
    public static string Claim(Graph graph, string name)
    {
        if (graph.Find(name) is { } taken)
            graph.Rename(taken, graph.UniqueName($"{name}_value"));
        return name;
    }
}
