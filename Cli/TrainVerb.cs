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
    private readonly Option<string> _out = new("--out", "-o") { Description = $"Folder for the tuned model, {FineTuning.ModelFileName}, and with --lora for {FineTuning.AdapterFileName}.", HelpName = "DIR", Required = true };
    private readonly SurgeryOptions _surgery = new("linear, mlp with its hidden sizes (mlp:256,128), or conv (1×1 and pooling).", "linear");
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly TrainingOptions _training = new();

    public Command Build()
    {
        Command command = new("train", "Cut the classifier off a model, attach a new head, and train it on your pictures.") { _model, _images, _test, _out };
        _surgery.AddTo(command);
        command.Options.Add(_preprocess);
        command.Options.Add(_strict);
        _training.AddTo(command);
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
        HeadOption head = _surgery.Head(parsed)!;
        if (head.Classes is { } count)
            throw new UsageException($"--head is '{head.Text}', but train counts the classes in the folder of pictures: leave ':{count}' out.");
        Lora? lora = _surgery.Lora(parsed, parsed.GetValue(_training.Seed));
        TrainerOptions trainer = _training.Read(parsed) with { Trainable = lora is null ? _surgery.Trainable(parsed) : Trainable.Adapters };
        if (trainer.Validate() is { Count: > 0 } errors)
            throw new UsageException(string.Join(' ', errors));
        return new FineTuningOptions
        {
            Model = parsed.GetRequiredValue(_model),
            Images = parsed.GetRequiredValue(_images),
            Test = parsed.GetValue(_test),
            Output = parsed.GetRequiredValue(_out),
            Cut = _surgery.Cut(parsed),
            DropBypass = _surgery.DropBypass(parsed),
            RemoveLast = _surgery.RemoveLast(parsed),
            Head = classes => head.Build(classes, _surgery.Dropout(parsed), parsed.GetValue(_training.Seed)),
            Lora = lora,
            Preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)),
            Strict = parsed.GetValue(_strict),
            Trainer = trainer,
        };
    }
}
