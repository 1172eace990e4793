using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>train</c>: from a trained model and a folder of pictures to a tuned model.</summary>
internal sealed class TrainVerb : IVerb
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _images = new("--images") { Description = "Pictures to train on, a folder per class.", HelpName = "DIR", Required = true };
    private readonly Option<string?> _test = new("--test") { Description = "Pictures to test the tuned model on, folders of the same names.", HelpName = "DIR" };
    private readonly Option<string> _out = new("--out", "-o") { Description = $"Folder for the tuned model, {FineTuning.ModelFileName}.", HelpName = "DIR", Required = true };
    private readonly Option<string?> _cut = new("--cut") { Description = "Cut at this value instead of before the recognised classifier; `onnxft inspect` lists them.", HelpName = "VALUE" };
    private readonly Option<bool> _dropBypass = new("--drop-bypass") { Description = "With --cut: allow a value inside a block; what goes round it (a skip connection, a branch) is dropped." };
    private readonly Option<int?> _removeLast = NumberOption.Optional<int>("--remove-last", "Remove so many layers with weights from the end instead of the recognised classifier.", "N", n => n >= 1, "of at least 1");
    private readonly Option<string> _head = new("--head") { Description = "linear, mlp with its hidden sizes (mlp:256,128), or conv (1×1 and pooling).", HelpName = "HEAD", DefaultValueFactory = _ => "linear" };
    private readonly Option<float> _dropout = NumberOption.Of("--dropout", "Dropout in the head.", "RATIO", 0f, d => d >= 0 && d < 1, "at least 0 and below 1");
    private readonly Option<string> _trainable = new("--trainable") { Description = "What is trained: head, all, from:VALUE (everything behind a value), or patterns of parameter names (fire9*,head*).", HelpName = "WHAT", DefaultValueFactory = _ => "head" };
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly TrainingOptions _training = new();

    public Command Build()
    {
        Command command = new("train", "Cut the classifier off a model, attach a new head, and train it on your pictures.")
        {
            _model, _images, _test, _out, _cut, _dropBypass, _removeLast, _head, _dropout, _trainable, _preprocess, _strict,
        };
        _training.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_cut) is not null && result.GetResult(_removeLast) is not null)
                result.AddError("Give --cut or --remove-last, not both.");
            if (result.GetResult(_dropBypass) is { Implicit: false } && result.GetResult(_cut) is null)
                result.AddError("--drop-bypass goes with --cut.");
        });
        return command;
    }

    public async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        FineTuningOptions options = Read(parsed);
        FineTuningResult result = await TrainingDisplay.ShowAsync(terminal, options.Trainer.Epochs, progress => FineTuning.RunAsync(options, progress, cancellation));
        TrainingReport.Show(terminal, result);
        return result.Cancelled ? ExitCode.Interrupted : result.Fit.Stopped == StopReason.Diverged ? ExitCode.Failed : ExitCode.Done;
    }

    private FineTuningOptions Read(ParseResult parsed)
    {
        TrainerOptions trainer = _training.Read(parsed) with { Trainable = ReadTrainable(parsed.GetValue(_trainable)!) };
        if (trainer.Validate() is { Count: > 0 } errors)
            throw new UsageException(string.Join(' ', errors));
        return new FineTuningOptions
        {
            Model = parsed.GetRequiredValue(_model),
            Images = parsed.GetRequiredValue(_images),
            Test = parsed.GetValue(_test),
            Output = parsed.GetRequiredValue(_out),
            Cut = parsed.GetValue(_cut),
            DropBypass = parsed.GetValue(_dropBypass),
            RemoveLast = parsed.GetValue(_removeLast),
            Head = HeadOption.Parse(parsed.GetValue(_head)!, parsed.GetValue(_dropout), parsed.GetValue(_training.Seed)),
            Preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)),
            Strict = parsed.GetValue(_strict),
            Trainer = trainer,
        };
    }

    private static Trainable ReadTrainable(string text) => text.Trim(' ', ',') is "" or "from:"
        ? throw new UsageException($"--trainable is '{text}'; give head, all, from:VALUE, or patterns of parameter names.")
        : Trainable.Parse(text);
}
