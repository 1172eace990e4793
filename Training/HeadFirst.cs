using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// A first phase of training in which the head alone learns, on features that are computed once per example. Then all that is selected is trained from there: a new head's first
/// gradients no longer spoil the layers before it.
/// </summary>
/// <remarks>Gradual unfreezing: Howard and Ruder, arXiv:1801.06146; linear probing, then fine-tuning: Kumar et al., arXiv:2202.10054.</remarks>
public sealed record HeadFirst
{
    /// <summary>Times that the head sees each example, at least 1; 20 by default.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>The schedule's factor 1 in this phase, above 0; null takes what a head that is trained alone has.</summary>
    public float? LearningRate { get; init; }

    /// <summary>What is wrong, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        OptionErrors errors = new OptionErrors().InRange($"{nameof(HeadFirst)}.{nameof(Epochs)}", Epochs, 1, 1_000_000);
        return (LearningRate is { } rate ? errors.Positive($"{nameof(HeadFirst)}.{nameof(LearningRate)}", rate) : errors).All;
    }

    /// <summary>How this phase is trained: as a head alone, without the factors on the learning rate and without stopping early.</summary>
    /// <param name="options">The whole run, its learning rate and optimizer as they were given.</param>
    internal TrainerOptions Options(TrainerOptions options) => (options with
    {
        Trainable = Trainable.Head,
        Epochs = Epochs,
        LearningRate = LearningRate,
        LayerDecay = 1,
        LearningRateFactors = [],
        EarlyStoppingPatience = null,
        RestoreBestWeights = true,
        HeadFirst = null,
    }).Resolve();
}
