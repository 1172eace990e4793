using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>The options of <c>train</c> that say how to train.</summary>
internal sealed class TrainingOptions
{
    private static readonly TrainerOptions Defaults = new();

    private readonly Option<int> _epochs = new("--epochs") { Description = "Times that each picture is seen.", HelpName = "N", DefaultValueFactory = _ => Defaults.Epochs };
    private readonly Option<int> _batch = new("--batch") { Description = "Pictures in one step.", HelpName = "N", DefaultValueFactory = _ => Defaults.BatchSize };
    private readonly Option<float?> _rate = new("--lr") { Description = "Highest learning rate. By default 0.01 for a head alone, 0.001 where more is trained.", HelpName = "RATE" };
    private readonly Option<string> _optimizer = new("--optimizer") { Description = "How weights follow gradients.", DefaultValueFactory = _ => "adamw" };
    private readonly Option<float> _momentum = new("--momentum") { Description = "Momentum of sgd.", HelpName = "M", DefaultValueFactory = _ => 0.9f };
    private readonly Option<double?> _decay = new("--weight-decay") { Description = "Weight decay; by default 1 for adamw on a head alone, 0.01 for adamw where more is trained, else 0.", HelpName = "D" };
    private readonly Option<string> _schedule = new("--schedule") { Description = "Course of the learning rate.", DefaultValueFactory = _ => "cosine" };
    private readonly Option<long> _warmup = new("--warmup") { Description = "Steps in which the learning rate rises from 0 before the schedule begins.", HelpName = "STEPS" };
    private readonly Option<float> _smoothing = new("--label-smoothing") { Description = "Share of the target that is spread over all classes, 0 to 1.", HelpName = "S" };
    private readonly Option<float?> _clip = new("--clip") { Description = "Largest norm of all gradients together.", HelpName = "NORM" };
    private readonly Option<double> _validation = new("--validation") { Description = "Share of the pictures held back for validation, 0 to 0.5.", HelpName = "SHARE", DefaultValueFactory = _ => Defaults.ValidationFraction };
    private readonly Option<bool> _noRefit = new("--no-refit") { Description = "Keep the weights of the best epoch; by default a head is trained once more on all pictures, those held back included." };
    private readonly Option<int?> _patience = new("--patience") { Description = "Stop after so many epochs without a better validation loss.", HelpName = "N" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _cache = new("--cache") { Description = "Folder in which features are kept from run to run.", HelpName = "DIR" };
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Keep no features from run to run." };

    public TrainingOptions()
    {
        _optimizer.AcceptOnlyFromAmong("adamw", "adam", "sgd", "nesterov");
        _schedule.AcceptOnlyFromAmong("cosine", "constant", "one-cycle");
    }

    /// <summary>Decides split, order, initial weights and dropout.</summary>
    public Option<int> Seed { get; } = new("--seed") { Description = "Decides split, order, initial weights and dropout: the same seed gives the same model.", HelpName = "N" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _epochs, _batch, _rate, _optimizer, _momentum, _decay, _schedule, _warmup, _smoothing, _clip, _validation, _noRefit, _patience, Seed, _threads, _cache, _noCache })
            command.Options.Add(option);
    }

    public TrainerOptions Read(ParseResult parsed) => Defaults with
    {
        Epochs = parsed.GetValue(_epochs),
        BatchSize = parsed.GetValue(_batch),
        LearningRate = parsed.GetValue(_rate),
        Optimizer = ReadOptimizer(parsed),
        Schedule = ReadSchedule(parsed),
        Loss = parsed.GetValue(_smoothing) is var smoothing and not 0 ? new SoftmaxCrossEntropy { LabelSmoothing = smoothing } : null,
        ClipNorm = parsed.GetValue(_clip),
        ValidationFraction = parsed.GetValue(_validation),
        RefitOnAllExamples = !parsed.GetValue(_noRefit),
        EarlyStoppingPatience = parsed.GetValue(_patience),
        Seed = parsed.GetValue(Seed),
        Threads = parsed.GetValue(_threads),
        Cache = parsed.GetValue(_noCache) ? FeatureCacheOptions.None : parsed.GetValue(_cache) is { } folder ? new FeatureCacheOptions { Folder = folder } : new FeatureCacheOptions(),
    };

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
