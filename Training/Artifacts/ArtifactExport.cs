using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Makes an ordinary ONNX model of artifacts and the checkpoint that a device has trained, from folder to file.</summary>
public static class ArtifactExport
{
    /// <summary>Runs all of it. Where the artifacts begin at features, the frozen layers beside them are put in front again.</summary>
    /// <exception cref="TrainingException">The artifacts or the checkpoint are missing or damaged, or do not belong together; the message says which.</exception>
    /// <exception cref="GraphException">A model cannot be used, the labels do not fit, or the file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written.</exception>
    public static ArtifactExportResult Run(ArtifactExportOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TrainingArtifacts artifacts = TrainingArtifacts.Load(options.Artifacts);
        if (options.Checkpoint is { } path)
            artifacts = artifacts.WithCheckpoint(Checkpoint.Read(path));
        Model tuned = options.Model is { } file ? artifacts.ToInferenceModel(Model.Load(file)) : Whole(artifacts.ToInferenceModel(), Path.Combine(options.Artifacts, ArtifactCreation.FrozenModelFile));
        if (tuned.HasAdapters)
            tuned = tuned.MergeAdapters();
        if (options.Labels is { } labels)
            SetLabels(tuned, labels);
        cancellationToken.ThrowIfCancellationRequested();
        tuned.Save(options.Output);
        IReadOnlyDictionary<string, TensorData> trained = artifacts.Checkpoint.Trainable;
        return new ArtifactExportResult(options.Checkpoint ?? Path.Combine(options.Artifacts, TrainingArtifacts.CheckpointFile), artifacts.Checkpoint.Optimizer?.Step,
            [.. trained.Keys], trained.Values.Sum(p => p.Count), tuned.GetLabels(), new FileInfo(options.Output).Length);
    }

    private static Model Whole(Model behind, string frozen) => File.Exists(frozen) ? FrozenFront.Join(Model.Load(frozen), behind) : behind;

    private static void SetLabels(Model model, IReadOnlyList<string> labels)
    {
        LabelCount.Check(model, labels);
        model.SetLabels(labels);
    }
}
