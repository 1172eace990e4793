using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The artifacts of a folder, each null where it cannot be read.</summary>
internal sealed record ArtifactParts
{
    public Model? Training { get; init; }

    public Model? Evaluation { get; init; }

    public Model? Optimizer { get; init; }

    public Checkpoint? Checkpoint { get; init; }

    /// <summary>The models that could be read, by file name.</summary>
    public IEnumerable<(string File, Model Model)> Models => new (string File, Model? Model)[]
    {
        (TrainingArtifacts.TrainingModelFile, Training),
        (TrainingArtifacts.EvaluationModelFile, Evaluation),
        (TrainingArtifacts.OptimizerModelFile, Optimizer),
    }.Where(m => m.Model is not null).Select(m => (m.File, m.Model!));

    /// <summary>Reads what there is; a sentence for each file that is missing or unreadable.</summary>
    public static ArtifactParts Read(string folder, List<string> findings) => new()
    {
        Training = Try(() => ArtifactFolder.LoadModel(folder, TrainingArtifacts.TrainingModelFile), findings),
        Evaluation = Try(() => ArtifactFolder.LoadModel(folder, TrainingArtifacts.EvaluationModelFile), findings),
        Optimizer = Try(() => ArtifactFolder.LoadModel(folder, TrainingArtifacts.OptimizerModelFile), findings),
        Checkpoint = Try(() => ReadCheckpoint(ArtifactFolder.Existing(folder, TrainingArtifacts.CheckpointFile), findings), findings),
    };

    private static Checkpoint ReadCheckpoint(string path, List<string> findings)
    {
        Checkpoint checkpoint = OnnxFineTune.Training.Checkpoint.Read(path);
        findings.AddRange(CheckpointLayoutCheck.Check(File.ReadAllBytes(path), File.Exists(path + CheckpointReader.ExternalDataSuffix)));
        return checkpoint;
    }

    private static T? Try<T>(Func<T> read, List<string> findings) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is GraphException or TrainingException or IOException or UnauthorizedAccessException)
        {
            findings.Add(e.Message);
            return null;
        }
    }
}
