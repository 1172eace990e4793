using System.Text;
using OnnxFineTune.Surgery;
using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Training;

/// <summary>The files of <see cref="TrainingArtifacts"/> in a folder.</summary>
internal static class ArtifactFolder
{
    /// <summary>Writes every file under a temporary name before the first appears under its own.</summary>
    public static void Save(TrainingArtifacts artifacts, string folder)
    {
        (string Name, IReadOnlyList<ReadOnlyMemory<byte>> Pieces)[] files =
        [
            Serialize(TrainingArtifacts.TrainingModelFile, artifacts.TrainingModel),
            Serialize(TrainingArtifacts.EvaluationModelFile, artifacts.EvaluationModel),
            Serialize(TrainingArtifacts.OptimizerModelFile, artifacts.OptimizerModel),
            (TrainingArtifacts.CheckpointFile, [CheckpointWriter.Write(artifacts.Checkpoint)]),
            (TrainingArtifacts.GuideFile, [Encoding.UTF8.GetBytes(ArtifactGuide.Write(artifacts))]),
        ];
        List<AtomicFile> open = [];
        try
        {
            Directory.CreateDirectory(folder);
            foreach ((string name, IReadOnlyList<ReadOnlyMemory<byte>> pieces) in files)
            {
                open.Add(new AtomicFile(Path.Combine(folder, name), pieces.Sum(p => (long)p.Length)));
                open[^1].Write(pieces);
            }
            open.ForEach(f => f.Commit());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The artifacts cannot be written to '{folder}': {e.Message.TrimEnd('.')}; choose another folder.");
        }
        finally
        {
            open.ForEach(f => f.Dispose());
        }
    }

    /// <summary>Reads one of the models.</summary>
    public static Model LoadModel(string folder, string name) => Model.Load(Existing(folder, name));

    /// <summary>The path of one of the files.</summary>
    /// <exception cref="TrainingException">It is missing.</exception>
    public static string Existing(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new TrainingException(
            Directory.Exists(folder) ? $"The folder '{folder}' has no {name}; artifacts are {TrainingArtifacts.TrainingModelFile}, {TrainingArtifacts.EvaluationModelFile}, " +
                $"{TrainingArtifacts.OptimizerModelFile} and {TrainingArtifacts.CheckpointFile}: write them again."
            : $"There is no folder '{folder}'; give the one that holds the artifacts.");
    }

    private static (string, IReadOnlyList<ReadOnlyMemory<byte>>) Serialize(string name, Model model)
    {
        SerializedModel content = SerializedModel.Of(model);
        return content.Length <= int.MaxValue ? (name, content.Pieces) : throw new TrainingException(
            $"{name} takes {content.Length} bytes, and ONNX Runtime's training API reads models of at most {int.MaxValue} (2 GB); train a smaller model.");
    }
}
