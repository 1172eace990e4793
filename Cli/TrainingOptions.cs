using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>The options of <c>train</c> that say how to train.</summary>
internal sealed class TrainingOptions
{
    private const string Many = "from 1 to 1000000";

    private static readonly TrainerOptions Defaults = new();

    private readonly Option<int> _epochs = NumberOption.Of("--epochs", "Times that each picture is seen.", "N", Defaults.Epochs, IsMany, Many);
    private readonly Option<int> _batch = NumberOption.Of("--batch", "Pictures in one step.", "N", Defaults.BatchSize, IsMany, Many);
    private readonly Option<float?> _rate = NumberOption.Optional<float>("--lr", "Highest learning rate; by default 0.01 for a head alone, 0.001 with biases, normalization or adapters, 0.0001 where more is trained (0.001 with sgd).", "RATE", r => r > 0, "above 0");
    private readonly Option<float> _layerDecay = NumberOption.Of("--layer-decay", "Factor on the learning rate from each block to the one before it: 0.8 gives the last block 0.8 of the head's rate, the one before it 0.64.", "FACTOR", Defaults.LayerDecay, f => f > 0 && f <= 1, "above 0 and at most 1");
    private readonly Option<int?> _headFirst = new("--head-first")
    {
        Description = $"Train the head alone first, then all of --trainable from there; {new HeadFirst().Epochs} epochs where no number is given.",
        HelpName = "EPOCHS",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? new HeadFirst().Epochs : NumberOption.Parse<int>(result, "--head-first", IsMany, Many),
    };
    private readonly Option<string> _optimizer = ChoiceOption.Of("--optimizer", "How weights follow gradients.", "adamw", "adamw", "adam", "sgd", "nesterov");
    private readonly Option<float> _momentum = NumberOption.Of("--momentum", "Momentum of sgd and nesterov.", "M", 0.9f, m => m >= 0 && m < 1, "at least 0 and below 1");
    private readonly Option<double?> _decay = NumberOption.Optional<double>("--weight-decay", "Weight decay; by default 0.3 for adamw on a head alone, 0.01 for adamw where more is trained, else 0.", "D", d => d >= 0, "of at least 0");
    private readonly Option<string> _schedule = ChoiceOption.Of("--schedule", "Course of the learning rate.", "cosine", "cosine", "constant", "one-cycle");
    private readonly Option<long> _warmup = NumberOption.Of("--warmup", "Steps in which the learning rate rises before the schedule begins.", "STEPS", 0L, s => s >= 0, "of at least 0");
    private readonly Option<float> _smoothing = NumberOption.Of("--label-smoothing", "Share of the target that is spread over all classes.", "SHARE", 0f, s => s >= 0 && s <= 1, "from 0 to 1");
    private readonly Option<float?> _clip = NumberOption.Optional<float>("--clip", "Largest norm of all gradients together; by default there is none.", "NORM", c => c > 0, "above 0");
    private readonly Option<double> _validation = NumberOption.Of("--validation", "Share of the pictures held back for validation.", "SHARE", Defaults.ValidationFraction, v => v >= 0 && v <= 0.5, "from 0 to 0.5");
    private readonly Option<bool> _noRefit = new("--no-refit") { Description = "Keep the weights of the best epoch; by default a head is trained anew on all pictures, those held back included." };
    private readonly Option<int?> _patience = NumberOption.Optional<int>("--patience", "Stop after so many epochs without a better validation loss.", "N", IsMany, Many);
    private readonly BatchNormalizationOption _batchNorm = new(
        "Statistics of BatchNormalization in training: frozen as pretrained, best on few pictures, or each batch's, with the running ones updated, for trained layers that saw other pictures or none (batches of 16 and more). The tuned model always uses running ones.");
    private readonly Option<string> _checkpointing = ChoiceOption.Of("--checkpointing",
        "Where memory is short: segments keeps little of the forward pass and computes the rest again in the backward pass, about a sixth more time for the same result.", "none", "none", "segments");
    private readonly Option<string> _engine = ChoiceOption.Of("--engine", "What computes the steps; `onnxft engines` says which can run here.", Defaults.Engine.Name, [.. TrainingEngine.All.Select(e => e.Name)]);
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _cache = new("--cache") { Description = "Folder in which features are kept from run to run; by default one of the user's own.", HelpName = "DIR" };
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Keep no features from run to run." };

    /// <summary>Decides split, order, initial weights and dropout.</summary>
    public Option<int> Seed { get; } = NumberOption.Of("--seed", "Decides split, order, initial weights and dropout: the same seed, the same model.", "N", 0, _ => true, "");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _epochs, _batch, _rate, _layerDecay, _headFirst, _optimizer, _momentum, _decay, _schedule, _warmup, _smoothing, _clip, _validation, _noRefit, _patience, _batchNorm.Option, _checkpointing, Seed, _engine, _threads, _cache, _noCache })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_cache) is not null && result.GetResult(_noCache) is { Implicit: false })
                result.AddError("Give --cache or --no-cache, not both.");
        });
    }

    public TrainerOptions Read(ParseResult parsed) => Defaults with
    {
        Epochs = parsed.GetValue(_epochs),
        BatchSize = parsed.GetValue(_batch),
        LearningRate = parsed.GetValue(_rate),
        LayerDecay = parsed.GetValue(_layerDecay),
        HeadFirst = parsed.GetValue(_headFirst) is { } epochs ? new HeadFirst { Epochs = epochs } : null,
        Optimizer = ReadOptimizer(parsed),
        Schedule = ReadSchedule(parsed),
        Loss = parsed.GetValue(_smoothing) is var smoothing and not 0 ? new SoftmaxCrossEntropy { LabelSmoothing = smoothing } : null,
        ClipNorm = parsed.GetValue(_clip),
        ValidationFraction = parsed.GetValue(_validation),
        RefitOnAllExamples = !parsed.GetValue(_noRefit),
        EarlyStoppingPatience = parsed.GetValue(_patience),
        BatchNormalization = _batchNorm.Read(parsed),
        Checkpointing = parsed.GetValue(_checkpointing) == "segments" ? ActivationCheckpointing.Segments : ActivationCheckpointing.None,
        Seed = parsed.GetValue(Seed),
        Engine = TrainingEngine.All.Single(e => e.Name == parsed.GetValue(_engine)),
        Threads = parsed.GetValue(_threads),
        Cache = parsed.GetValue(_noCache) ? FeatureCacheOptions.None : parsed.GetValue(_cache) is { } folder ? new FeatureCacheOptions { Folder = folder } : new FeatureCacheOptions(),
    };

    private static bool IsMany(int number) => number is >= 1 and <= 1_000_000;

    private IOptimizer? ReadOptimizer(ParseResult parsed)
    {
        double? decay = parsed.GetValue(_decay);
        string name = parsed.GetValue(_optimizer)!;
        return name switch
        {
            "adamw" => decay is { } value ? new AdamW { WeightDecay = value } : null,        // the library knows a good one
            "adam" => new Adam { WeightDecay = decay ?? 0 },
            _ => new Sgd { Momentum = parsed.GetValue(_momentum), Nesterov = name == "nesterov", WeightDecay = decay ?? 0 },
        };
    }

    private ISchedule ReadSchedule(ParseResult parsed)
    {
        ISchedule schedule = parsed.GetValue(_schedule) switch
        {
            "constant" => new ConstantSchedule(),
            "one-cycle" => new OneCycleSchedule(),
            _ => new CosineSchedule(),
        };
        return parsed.GetValue(_warmup) is > 0 and long steps ? new LinearWarmup { Steps = steps, Then = schedule } : schedule;
    }
}
