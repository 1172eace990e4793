using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>export</c>: from artifacts and a trained checkpoint to an ordinary model.</summary>
internal sealed class ExportVerb : IVerb
{
    private readonly Option<string> _artifacts = new("--artifacts", "-a") { Description = "Folder of the artifacts.", HelpName = "DIR", Required = true };
    private readonly Option<string> _out = new("--out", "-o") { Description = "The ONNX model to write.", HelpName = "FILE", Required = true };
    private readonly Option<string?> _checkpoint = new("--checkpoint", "-c") { Description = "The checkpoint that the device has saved; by default the one in the folder.", HelpName = "FILE" };
    private readonly Option<string?> _model = new("--model", "-m") { Description = "Put the parameters into this model, which has them under the same names, and keep all else of it; by default the model is made of the artifacts.", HelpName = "FILE" };
    private readonly Option<string?> _labels = LabelsOption.Of("Names of the classes in output order; by default those that the artifacts carry.");

    public Command Build() => new("export", "Put what a device has learned back into an ordinary ONNX model.") { _artifacts, _out, _checkpoint, _model, _labels };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        ArtifactExportOptions options = new()
        {
            Artifacts = parsed.GetRequiredValue(_artifacts),
            Output = parsed.GetRequiredValue(_out),
            Checkpoint = parsed.GetValue(_checkpoint),
            Model = parsed.GetValue(_model),
            Labels = LabelsOption.Read(parsed.GetValue(_labels)),
        };
        ArtifactExportResult result = ArtifactExport.Run(options, cancellation);
        terminal.Line($"{Figures.Parameters(result.TrainedParameters)} from {result.Checkpoint}{(result.Step is { } step ? $" after {Figures.Count(step)} steps" : "")}: {Figures.Names(result.Trained)}");
        if (result.Labels is { } labels)
            terminal.Line($"classes: {Figures.Names(labels)}");
        terminal.Line($"Saved: {options.Output} ({Figures.Bytes(result.Bytes)})");
        terminal.Result(new { model = options.Output, result.Checkpoint, result.Step, result.Trained, result.TrainedParameters, result.Labels, result.Bytes });
        return Task.FromResult(ExitCode.Done);
    }
}
