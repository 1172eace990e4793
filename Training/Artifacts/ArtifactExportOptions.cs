namespace OnnxFineTune.Training;

/// <summary>What lies between a folder of artifacts, a checkpoint that a device has trained, and an ordinary ONNX model.</summary>
public sealed record ArtifactExportOptions
{
    /// <summary>The folder of the artifacts.</summary>
    public required string Artifacts { get; init; }

    /// <summary>The file to write.</summary>
    public required string Output { get; init; }

    /// <summary>The checkpoint that the device has saved; null takes the one in the folder.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>
    /// A model that takes the parameters in place of its own of the same names, and is otherwise kept as it is; null makes the model of the artifacts themselves.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>Names of the classes in output order; null keeps those that the artifacts, or <see cref="Model"/>, carry.</summary>
    public IReadOnlyList<string>? Labels { get; init; }
}
