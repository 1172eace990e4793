using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>artifacts</c>: makes, or verifies, what ONNX Runtime's training API trains from.</summary>
internal sealed class ArtifactsVerb : IVerb
{
    private readonly Option<string?> _verify = new("--verify") { Description = "Check a folder of artifacts instead, whoever made them, and name what a runtime would refuse.", HelpName = "DIR" };
    private readonly Option<string?> _model = new("--model", "-m") { Description = "The ONNX model.", HelpName = "FILE" };
    private readonly Option<string?> _out = new("--out", "-o") { Description = "Folder for the artifacts.", HelpName = "DIR" };
    private readonly SurgeryOptions _surgery = new("The new head and its number of classes: linear:5, mlp:256,128:5 or conv:5, without the number where --labels gives it. Without --head the model is used as it is.", null);
    private readonly Option<string?> _labels = LabelsOption.Of("Names of the classes in output order; they travel in the artifacts.");
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly DeviceTrainingOptions _training = new();
    private readonly Option<bool> _fromFeatures = new("--from-features") { Description = $"Artifacts begin at the features of the frozen layers, which go to {ArtifactCreation.FrozenModelFile}: an app computes them once per example." };
    private readonly Option<bool> _native = new("--native-kernels") { Description = "Gradients with kernels that only the training build of the runtime has, most of them faster; the numbers are the same." };
    private readonly Option<int> _seed = NumberOption.Of("--seed", "Decides the head's initial weights and dropout.", "N", 0, _ => true, "");

    public Command Build()
    {
        Command command = new("artifacts", "Make what ONNX Runtime's training API trains from on a device, from any model.") { _model, _out };
        _surgery.AddTo(command);
        command.Options.Add(_labels);
        command.Options.Add(_preprocess);
        _training.AddTo(command);
        foreach (Option option in new Option[] { _fromFeatures, _native, _seed, _verify })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_verify) is not null)
            {
                if (command.Options.FirstOrDefault(o => o != _verify && result.GetResult(o) is { Implicit: false }) is { } other)
                    result.AddError($"--verify stands alone: {other.Name} says how artifacts are made.");
            }
            else if (new Option[] { _model, _out }.FirstOrDefault(o => result.GetResult(o) is null) is { } missing)
                result.AddError($"Option '{missing.Name}' is required.");
        });
        return command;
    }

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        if (parsed.GetValue(_verify) is { } folder)
            return Task.FromResult(Verify(folder, terminal));
        ArtifactCreationOptions options = Read(parsed);
        ArtifactCreationResult result = ArtifactCreation.Run(options, cancellation);
        ArtifactsReport.Show(terminal, options, result);
        return Task.FromResult(ExitCode.Done);
    }

    private static int Verify(string folder, Terminal terminal)
    {
        IReadOnlyList<string> findings = ArtifactVerification.Check(folder);
        foreach (string finding in findings)
            terminal.Line(finding);
        terminal.Line(findings.Count == 0 ? $"{folder}: the artifacts are as the runtime takes them." : $"{folder}: {(findings.Count == 1 ? "1 fault" : $"{findings.Count} faults")}.");
        terminal.Result(new { artifacts = folder, valid = findings.Count == 0, findings });
        return findings.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private ArtifactCreationOptions Read(ParseResult parsed)
    {
        Trainable trainable = _surgery.Trainable(parsed);
        Lora? lora = _surgery.Lora(parsed, parsed.GetValue(_seed));
        IReadOnlyList<string>? labels = LabelsOption.Read(parsed.GetValue(_labels));
        return new ArtifactCreationOptions
        {
            Model = parsed.GetRequiredValue(_model)!,
            Output = parsed.GetRequiredValue(_out)!,
            Head = ReadHead(parsed, labels),
            Cut = _surgery.Cut(parsed),
            DropBypass = _surgery.DropBypass(parsed),
            RemoveLast = _surgery.RemoveLast(parsed),
            Labels = labels,
            Preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)),
            Trainable = trainable,
            Lora = lora,
            Loss = _training.Loss(parsed),
            FromFeatures = parsed.GetValue(_fromFeatures),
            Kernels = parsed.GetValue(_native) ? GradientKernels.OrtTraining : GradientKernels.Standard,
            Seed = parsed.GetValue(_seed),
            Artifacts = _training.Artifacts(parsed, lora is null ? trainable : Trainable.Adapters),
        };
    }

    private IHead? ReadHead(ParseResult parsed, IReadOnlyList<string>? labels)
    {
        if (_surgery.Head(parsed) is not { } head)
            return null;
        int classes = head.Classes ?? labels?.Count
            ?? throw new UsageException($"--head is '{head.Text}', without a number of classes: give it ({head.Text}:5), or --labels with a name for each.");
        return head.Build(classes, _surgery.Dropout(parsed), parsed.GetValue(_seed));
    }
}
