using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What was made of a model: where it was cut, what is trained, and the files.</summary>
public sealed record ArtifactCreationResult
{
    /// <summary>The value that the attached head reads; null where the model is used as it is.</summary>
    public TensorSummary? CutAt { get; init; }

    /// <summary>The parameters of the attached head, in order; empty where the model is used as it is.</summary>
    public required IReadOnlyList<TensorSummary> Attached { get; init; }

    /// <summary>The operator (Softmax, for example) that was taken off the end of a model that is used as it is, since the loss holds it; or null.</summary>
    public string? RemovedActivation { get; init; }

    /// <summary>The trained parameters, in file order.</summary>
    public required IReadOnlyList<TensorSummary> Trained { get; init; }

    /// <summary>How many numbers are trained.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>How many numbers stay as they are, those of the frozen model beside the artifacts included.</summary>
    public required long FrozenParameters { get; init; }

    /// <summary>Names of the classes in output order; null where there are none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>What an app feeds to the frozen layers, once per example, for the features with which the artifacts begin; empty where they begin at the model's inputs.</summary>
    public required IReadOnlyList<TensorSummary> FrozenInputs { get; init; }

    /// <summary>What an app feeds in a training step, in order.</summary>
    public required IReadOnlyList<TensorSummary> TrainingInputs { get; init; }

    /// <summary>What an app feeds in an evaluation step, in order.</summary>
    public required IReadOnlyList<TensorSummary> EvaluationInputs { get; init; }

    /// <summary>What a training or evaluation step gives, in order, the loss first.</summary>
    public required IReadOnlyList<TensorSummary> Outputs { get; init; }

    /// <summary>What the user should know, one sentence each, for example which weights get no adapter.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The files that were written, in order of their names.</summary>
    public required IReadOnlyList<ArtifactFile> Files { get; init; }
}

/// <summary>A file among artifacts.</summary>
/// <param name="Name">Name in the folder.</param>
/// <param name="Bytes">Its size.</param>
public sealed record ArtifactFile(string Name, long Bytes);
