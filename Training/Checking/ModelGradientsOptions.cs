using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Which gradients of a model are computed, and of which loss.</summary>
public sealed record ModelGradientsOptions
{
    /// <summary>What is differentiated; <see cref="SoftmaxCrossEntropy"/> by default.</summary>
    public ILoss Loss { get; init; } = new SoftmaxCrossEntropy();

    /// <summary>The parameters by which it is differentiated; all by default.</summary>
    public Trainable Trainable { get; init; } = Trainable.All;

    /// <summary>With which statistics BatchNormalization normalizes; the running ones by default.</summary>
    public BatchNormalizationMode BatchNormalization { get; init; }

    /// <summary>Threads to compute with, from 0 (all cores, the default) to 4096.</summary>
    public int Threads { get; init; }

    /// <summary>What is wrong with these options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Include(Loss.Validate())
        .InRange(nameof(Threads), Threads, 0, 4096)
        .All;
}
