using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The inputs and outputs of a training model as the runtime sorts them: by name, with the checkpoint at hand.</summary>
internal sealed record ArtifactSignature
{
    /// <summary>What a caller feeds: the model's inputs, then the targets and whatever else the step takes.</summary>
    public required IReadOnlyList<Value> UserInputs { get; init; }

    /// <summary>All parameters, in the order in which they are fed.</summary>
    public required IReadOnlyList<Value> Parameters { get; init; }

    /// <summary>Gradient buffers.</summary>
    public required IReadOnlyList<Value> Gradients { get; init; }

    /// <summary>What a caller gets, the loss first.</summary>
    public required IReadOnlyList<Value> UserOutputs { get; init; }

    /// <summary>Sorts the inputs and outputs of a model.</summary>
    public static ArtifactSignature Of(Model model, Checkpoint checkpoint)
    {
        bool IsParameter(Value v) => checkpoint.Trainable.ContainsKey(v.Name) || checkpoint.Frozen.ContainsKey(v.Name);
        Value[] inputs = [.. model.Graph.FeedInputs], others = [.. inputs.Where(v => !IsParameter(v) && v.Name != ArtifactNames.LazyResetGrad)];
        return new ArtifactSignature
        {
            Parameters = [.. inputs.Where(IsParameter)],
            Gradients = [.. others.Where(v => ArtifactNames.IsGradient(v.Name))],
            UserInputs = [.. others.Where(v => !ArtifactNames.IsGradient(v.Name))],
            UserOutputs = [.. model.Graph.Outputs.Where(v => !ArtifactNames.IsGradient(v.Name))],
        };
    }
}
