using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>The options of <c>artifacts</c> that say how the device will train.</summary>
internal sealed class DeviceTrainingOptions
{
    private const string CrossEntropy = "cross-entropy";

    private readonly LossOption _loss = new("What is made small.", CrossEntropy);
    private readonly Option<float> _smoothing = NumberOption.Of("--label-smoothing", "With cross-entropy: share of the target that is spread over all classes.", "SHARE", 0f, s => s >= 0 && s <= 1, "from 0 to 1");
    private readonly Option<string> _optimizer = ChoiceOption.Of("--optimizer", "How weights follow gradients; adamw-hf is AdamW as Hugging Face has it.", "adamw", "adamw", "adamw-hf", "adam", "sgd");
    private readonly Option<string?> _momentum = new("--momentum") { Description = "Of train's sgd; the training API's has none.", HelpName = "M", Hidden = true };
    private readonly Option<string?> _layerDecay = new("--layer-decay") { Description = "Of train; the training API has one learning rate.", HelpName = "FACTOR", Hidden = true };
    private readonly Option<double?> _decay = NumberOption.Optional<double>("--weight-decay", "Weight decay; by default 0.3 for adamw on a head alone, 0.01 for adamw where more is trained, else 0.", "D", d => d >= 0, "of at least 0");
    private readonly Option<float?> _clip = NumberOption.Optional<float>("--clip", "Largest norm of all gradients together; by default there is none.", "NORM", c => c > 0, "above 0");
    private readonly Option<bool> _accumulate = new("--accumulate") { Description = "For batches in parts: one more input weighs each part, so that the sum of its gradients is that of the whole batch." };
    private readonly Option<bool> _nominal = new("--nominal") { Description = "A checkpoint without weights, a few KiB; the app copies the weights in before it trains." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _loss.Option, _smoothing, _optimizer, _momentum, _layerDecay, _decay, _clip, _accumulate, _nominal })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_smoothing) is { Implicit: false } && result.GetResult(_loss.Option) is { Implicit: false } && result.GetValue(_loss.Option) != CrossEntropy)
                result.AddError($"--label-smoothing goes with --loss {CrossEntropy}.");
            if (result.GetResult(_momentum) is not null)
                result.AddError("--momentum cannot be had: the SGD of ONNX Runtime's training API has none. Leave it out, or give --optimizer adamw.");
            if (result.GetResult(_layerDecay) is not null)
                result.AddError("--layer-decay cannot be had: ONNX Runtime's training API has one learning rate for all parameters. Leave it out, or train fewer blocks (--trainable blocks:N).");
        });
    }

    /// <summary>What is made small.</summary>
    public ILoss Loss(ParseResult parsed) => _loss.Read(parsed, parsed.GetValue(_smoothing));

    /// <summary>Optimizer and form of the artifacts.</summary>
    /// <exception cref="UsageException">The training API has no such optimizer.</exception>
    public ArtifactOptions Artifacts(ParseResult parsed, Trainable trainable)
    {
        ArtifactOptions options = new()
        {
            Optimizer = Optimizer(parsed, trainable),
            Clipping = parsed.GetValue(_clip) is { } norm ? new GradientClipping { MaxNorm = norm } : null,
            GradientAccumulation = parsed.GetValue(_accumulate),
            Nominal = parsed.GetValue(_nominal),
        };
        return options.Validate() is { Count: > 0 } errors ? throw new UsageException(string.Join(' ', errors)) : options;
    }

    private IOptimizer Optimizer(ParseResult parsed, Trainable trainable)
    {
        double? decay = parsed.GetValue(_decay);
        return parsed.GetValue(_optimizer) switch
        {
            "sgd" => new Sgd { WeightDecay = decay ?? 0 },
            "adam" => new Adam { WeightDecay = decay ?? 0 },
            string name => new AdamW { WeightDecay = decay ?? TrainerOptions.WeightDecayFor(trainable), Form = name == "adamw-hf" ? AdamWForm.HuggingFace : AdamWForm.PyTorch },
            null => throw new InvalidOperationException(),
        };
    }
}
