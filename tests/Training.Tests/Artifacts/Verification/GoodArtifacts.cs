using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Artifacts in which nothing is wrong, in a folder of their own.</summary>
internal sealed class GoodArtifacts : IDisposable
{
    public GoodArtifacts(ArtifactOptions? options = null, bool withState = true)
    {
        TrainingArtifacts artifacts = Build(options);
        (withState ? artifacts.WithCheckpoint(WithState(artifacts.Checkpoint, options?.Optimizer ?? new AdamW())) : artifacts).Save(Folder);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("onnxft-verify-").FullName;

    /// <summary>x [batch, 6] → 5 hidden values, frozen → head of 3 classes, trained.</summary>
    public static TrainingArtifacts Build(ArtifactOptions? options = null) => TrainingArtifacts.Build(
        TrainingGraph.Build(TrainingModels.Mlp(6, 5, 3), new SoftmaxCrossEntropy(), ["head.weight", "head.bias"], new TrainingGraphOptions { FrozenApart = false }), options);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The checkpoint as after a step.</summary>
    private static Checkpoint WithState(Checkpoint checkpoint, IOptimizer optimizer)
    {
        string[] keys = optimizer is Sgd ? [OptimizerGroup.FirstMoment] : [OptimizerGroup.FirstMoment, OptimizerGroup.SecondMoment];
        return checkpoint with
        {
            OptimizerGroups = [new OptimizerGroup { Step = 1, Moments = checkpoint.Trainable.ToDictionary(p => p.Key,
                IReadOnlyDictionary<string, TensorData> (p) => keys.ToDictionary(k => k, _ => TensorData.FromFloats(new float[p.Value.Shape.ElementCount!.Value], p.Value.Shape.ToArray()))) }],
        };
    }
}
