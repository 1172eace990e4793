using OnnxFineTune.Surgery;
using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Training;

/// <summary>
/// A checkpoint of ONNX Runtime's training API: parameters, and possibly the optimizer's state and properties, in one FlatBuffers file. The
/// layout is in <c>checkpoint.fbs</c>.
/// </summary>
public sealed record Checkpoint
{
    /// <summary>The trained parameters by name, in file order.</summary>
    public required IReadOnlyDictionary<string, TensorData> Trainable { get; init; }

    /// <summary>The parameters that are not trained by name, in file order.</summary>
    public IReadOnlyDictionary<string, TensorData> Frozen { get; init; } = new Dictionary<string, TensorData>();

    /// <summary>Whether the parameters are names only, tensors of shape [0], whose weights are copied in before training.</summary>
    public bool IsNominal { get; init; }

    /// <summary>The optimizer's state; empty before the first step.</summary>
    public IReadOnlyList<OptimizerGroup> OptimizerGroups { get; init; } = [];

    /// <summary>Named values that a program keeps here.</summary>
    public PropertyBag Properties { get; init; } = new();

    /// <summary>The group that the runtime uses, <see cref="OptimizerGroup.DefaultName"/>, or null before the first step.</summary>
    public OptimizerGroup? Optimizer => OptimizerGroups.FirstOrDefault(g => g.Name == OptimizerGroup.DefaultName);

    /// <summary>All parameters, the trained ones first.</summary>
    public IEnumerable<KeyValuePair<string, TensorData>> Parameters => Trainable.Concat(Frozen);

    /// <summary>Reads a checkpoint file, and the <c>.data</c> file beside it where the runtime has written one.</summary>
    /// <param name="path">The file; its parameters become slices of what is read.</param>
    /// <exception cref="TrainingException">The file is missing, cut off, of another version or no checkpoint; the message says which.</exception>
    public static Checkpoint Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new TrainingException(Directory.Exists(path) ? $"'{path}' is a folder; give the path of a checkpoint file." : $"There is no checkpoint file '{path}'.");
            if (file.Length > Array.MaxLength)
                throw new TrainingException($"'{path}' has {file.Length} bytes, and a checkpoint can hold {Array.MaxLength}.");
            return CheckpointReader.Read(File.ReadAllBytes(path), $"'{path}'", path + CheckpointReader.ExternalDataSuffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"'{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a checkpoint from memory, which must not change afterwards: parameters are not copied.</summary>
    /// <exception cref="TrainingException">The bytes are no checkpoint of a version that is understood, or its weights are in a file of their own.</exception>
    public static Checkpoint Parse(byte[] bytes) => CheckpointReader.Read(bytes, "The checkpoint in memory", null);

    /// <summary>Writes the checkpoint; the file appears when it is complete.</summary>
    /// <exception cref="TrainingException">The parameters take over 2 GB, or the file cannot be written; an existing one is untouched.</exception>
    public void Write(string path)
    {
        ArraySegment<byte> content = CheckpointWriter.Write(this);
        try
        {
            using AtomicFile file = new(path, content.Count);
            file.Write([content]);
            file.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"'{path}' cannot be written: {e.Message.TrimEnd('.')}; choose another folder.");
        }
    }

    /// <summary>The checkpoint as a file in memory.</summary>
    /// <exception cref="TrainingException">The parameters take over 2 GB.</exception>
    public byte[] ToBytes() => CheckpointWriter.Write(this).ToArray();
}
