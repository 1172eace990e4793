namespace OnnxFineTune.Training;

/// <summary>What an export took from a checkpoint.</summary>
/// <param name="Checkpoint">Path of the checkpoint.</param>
/// <param name="Step">Optimizer steps so far, where the checkpoint was saved with the optimizer's state; else null.</param>
/// <param name="Trained">Names of the trained parameters.</param>
/// <param name="TrainedParameters">How many numbers they hold.</param>
/// <param name="Labels">Names of the classes that the model carries; null where there are none.</param>
/// <param name="Bytes">Size of the file that was written.</param>
public sealed record ArtifactExportResult(string Checkpoint, long? Step, IReadOnlyList<string> Trained, long TrainedParameters, IReadOnlyList<string>? Labels, long Bytes);
