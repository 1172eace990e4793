using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>How a model is trained. The defaults suit a new head on a pretrained network.</summary>
public sealed record TrainerOptions
{
    /// <summary>Times that each example is seen, at least 1; 20 by default.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Examples in one step, at least 1; 32 by default.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The schedule's factor 1, above 0; null takes 0.01 where the head alone is trained, 0.001 where biases, normalizations or adapters are trained too, and 0.0001 where weights of the original
    /// model are, or 0.001 with <see cref="Sgd"/>.
    /// </summary>
    public float? LearningRate { get; init; }

    /// <summary>
    /// Factor on the learning rate from each block to the one before it, above 0 to 1: the head has the whole rate, the last block this share of it, the block before it this share of
    /// that, and the layers in front of the first block the smallest. 1, the default, gives all the same rate. <see cref="Blocks"/> says what a block is.
    /// </summary>
    /// <remarks>Howard and Ruder, arXiv:1801.06146; as in BEiT, Bao et al., arXiv:2106.08254.</remarks>
    public float LayerDecay { get; init; } = 1;

    /// <summary>Further factors on the learning rate of some parameters; the first whose pattern fits a parameter counts. None by default.</summary>
    public IReadOnlyList<LearningRateFactor> LearningRateFactors { get; init; } = [];

    /// <summary>Which parameters are trained; the attached head by default.</summary>
    public Trainable Trainable { get; init; } = Trainable.Head;

    /// <summary>Trains the head alone first; null, the default, trains all that is selected from the start.</summary>
    public HeadFirst? HeadFirst { get; init; }

    /// <summary>
    /// With which statistics BatchNormalization normalizes in training: the pretrained network's, as by default, or each batch's while the running ones are updated. The tuned model uses running ones in
    /// either case.
    /// </summary>
    public BatchNormalizationMode BatchNormalization { get; init; }

    /// <summary>What of the forward pass is computed again in the backward pass instead of being kept, where memory is short; nothing by default. The result is the same.</summary>
    public ActivationCheckpointing Checkpointing { get; init; }

    /// <summary>
    /// How weights follow gradients; null takes <see cref="AdamW"/>, with a weight decay of 0.3 where the head alone is trained and of 0.01 elsewhere. A new head on few examples
    /// overfits: five-fold cross-validation on SqueezeNet features of 1000 pictures gave a mean loss of 0.245 with 0.01, 0.214 with 0.3, 0.205 with 1; but 1 holds heads on small features back.
    /// </summary>
    public IOptimizer? Optimizer { get; init; }

    /// <summary>What is made small; null takes <see cref="SoftmaxCrossEntropy"/> for classes, <see cref="BinaryCrossEntropyWithLogits"/> for several labels at once, and
    /// <see cref="MeanSquaredError"/> for values without labels.</summary>
    public ILoss? Loss { get; init; }

    /// <summary>The course of the learning rate; half a cosine down to 0 by default.</summary>
    public ISchedule Schedule { get; init; } = new CosineSchedule();

    /// <summary>Share of the training examples that is held back for validation where no validation data are given, from 0 to 0.5; 0.15 by default.</summary>
    public double ValidationFraction { get; init; } = 0.15;

    /// <summary>Epochs without a better validation loss after which training stops, at least 1; null (default) never does.</summary>
    public int? EarlyStoppingPatience { get; init; }

    /// <summary>Whether the weights of the epoch with the best validation loss are the result, as by default, or those of the last epoch; see <see cref="RefitOnAllExamples"/> too.</summary>
    public bool RestoreBestWeights { get; init; } = true;

    /// <summary>
    /// Whether, at the end, the model is trained anew on all examples, those held back for validation included: with the whole schedule, or for the best number of epochs where the last
    /// was clearly worse or training stopped early. True by default. It is done where the trainer held examples back itself and features are kept, so that it costs little.
    /// </summary>
    public bool RefitOnAllExamples { get; init; } = true;

    /// <summary>Largest norm of all gradients together, above 0; null (default) does not clip.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>Decides the split, the order of examples and dropout: the same seed and threads give the same losses to the last bit; 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Threads of ONNX Runtime and of decoding, at least 1; 0 (default) takes one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Where features of the frozen part are kept.</summary>
    public FeatureCacheOptions Cache { get; init; } = new();

    /// <summary>What computes the steps; <see cref="TrainingEngine.StepGraph"/> by default. It gets these options with learning rate and optimizer chosen; the trainer disposes what it makes.</summary>
    public TrainingEngine Engine { get; init; } = TrainingEngine.StepGraph;

    /// <summary>What is wrong, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        OptionErrors errors = new OptionErrors()
            .InRange(nameof(Epochs), Epochs, 1, 1_000_000)
            .InRange(nameof(BatchSize), BatchSize, 1, 1_000_000)
            .InRange(nameof(ValidationFraction), ValidationFraction, 0, 0.5)
            .InRange(nameof(Threads), Threads, 0, 4096)
            .Defined(nameof(BatchNormalization), BatchNormalization)
            .Defined(nameof(Checkpointing), Checkpointing)
            .NotNegative($"{nameof(Cache)}.{nameof(FeatureCacheOptions.MemoryLimit)}", Cache.MemoryLimit)
            .NotNegative($"{nameof(Cache)}.{nameof(FeatureCacheOptions.DiskLimit)}", Cache.DiskLimit);
        if (LearningRate is { } rate)
            errors.Positive(nameof(LearningRate), rate);
        errors.Require(LayerDecay > 0 && LayerDecay <= 1, $"{nameof(LayerDecay)} is {LayerDecay:R}; it must be above 0 and at most 1.");
        foreach ((string pattern, float factor) in LearningRateFactors)
            errors.Positive($"{nameof(LearningRateFactors)} for '{pattern}'", factor);
        errors.Require(HeadFirst is null || Trainable != Trainable.Head, $"{nameof(HeadFirst)} trains the head before the rest, but {nameof(Trainable)} is '{Trainable}', so there is no rest. Select more, or leave it out.");
        errors.Require(BatchNormalization == BatchNormalizationMode.Frozen || Trainable != Trainable.Adapters, NoStatisticsInAdapters);
        if (ClipNorm is { } norm)
            errors.Positive(nameof(ClipNorm), norm);
        if (EarlyStoppingPatience is { } patience)
            errors.InRange(nameof(EarlyStoppingPatience), patience, 1, 1_000_000);
        return errors.Include(HeadFirst?.Validate() ?? []).Include(Optimizer?.Validate() ?? []).Include(Schedule.Validate()).Include(Loss?.Validate() ?? []).Include(Engine.Validate(Resolve())).All;
    }

    /// <summary>Why adapters are trained with frozen statistics.</summary>
    internal const string NoStatisticsInAdapters = "Running statistics of BatchNormalization cannot be updated with adapters, for an adapter that is saved alone holds none; leave them frozen.";

    /// <summary>The weight decay of <see cref="AdamW"/> where none is given; <see cref="Optimizer"/> says why.</summary>
    public static double WeightDecayFor(Trainable trainable) => trainable == Trainable.Head ? 0.3 : 0.01;

    /// <summary>These options with learning rate and optimizer chosen.</summary>
    internal TrainerOptions Resolve() => this with
    {
        LearningRate = LearningRate ?? UsualRate,
        Optimizer = Optimizer ?? new AdamW { WeightDecay = WeightDecayFor(Trainable) },
    };

    /// <summary>The learning rate where none is given. Adam moves each weight by about the rate in each step, whatever its gradient: at 0.001 the layers of a pretrained network forget.</summary>
    private float UsualRate => Trainable == Trainable.Head ? 1e-2f
        : Optimizer is Sgd || Trainable == Trainable.Biases || Trainable == Trainable.Normalization || Trainable == Trainable.Adapters ? 1e-3f : 1e-4f;

    /// <summary><see cref="ClipNorm"/> as the engines take it.</summary>
    internal GradientClipping? Clipping => ClipNorm is { } norm ? new GradientClipping { MaxNorm = norm } : null;

    /// <summary><see cref="Threads"/> as they are used.</summary>
    internal int ThreadCount => Threads == 0 ? Environment.ProcessorCount : Threads;
}
