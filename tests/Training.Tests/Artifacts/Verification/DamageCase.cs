using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>One way in which good artifacts are damaged, and words of the one sentence that says so.</summary>
public sealed record DamageCase(string Name, Action<string> Damage, params string[] Words)
{
    /// <summary>The damage is to a model.</summary>
    public static DamageCase Model(string name, string file, Action<Model> damage, params string[] words) => new(name, folder =>
    {
        string path = Path.Combine(folder, file);
        Model model = Surgery.Model.Parse(File.ReadAllBytes(path));
        damage(model);
        model.Save(path);
    }, words);

    /// <summary>The damage is to the training model's graph.</summary>
    public static DamageCase Training(string name, Action<Graph> damage, params string[] words) => Model(name, TrainingArtifacts.TrainingModelFile, m => damage(m.Graph), words);

    /// <summary>The damage is to the evaluation model's graph.</summary>
    public static DamageCase Evaluation(string name, Action<Graph> damage, params string[] words) => Model(name, TrainingArtifacts.EvaluationModelFile, m => damage(m.Graph), words);

    /// <summary>The damage is to the optimizer model's graph.</summary>
    public static DamageCase Optimizer(string name, Action<Graph> damage, params string[] words) => Model(name, TrainingArtifacts.OptimizerModelFile, m => damage(m.Graph), words);

    /// <summary>The damage is to the checkpoint's content.</summary>
    public static DamageCase Checkpoint(string name, Func<Checkpoint, Checkpoint> damage, params string[] words) => new(name, folder =>
    {
        string path = Path.Combine(folder, TrainingArtifacts.CheckpointFile);
        damage(OnnxFineTune.Training.Checkpoint.Read(path)).Write(path);
    }, words);

    /// <summary>The damage is to a file's bytes.</summary>
    public static DamageCase Bytes(string name, string file, Func<byte[], byte[]> damage, params string[] words) => new(name, folder =>
    {
        string path = Path.Combine(folder, file);
        File.WriteAllBytes(path, damage(File.ReadAllBytes(path)));
    }, words);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
