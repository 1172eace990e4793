using System.CommandLine;
using System.Globalization;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary><c>merge</c>: a model and an adapter become the tuned model.</summary>
internal sealed class MergeVerb : IVerb
{
    private readonly Option<string> _model = new("--model", "-m") { Description = "The model that was fine-tuned, as it was before.", HelpName = "FILE", Required = true };
    private readonly Option<string> _adapter = new("--adapter", "-a") { Description = "The adapter that train --lora has saved.", HelpName = "FILE", Required = true };
    private readonly Option<string> _out = new("--out", "-o") { Description = "The ONNX model to write.", HelpName = "FILE", Required = true };

    public Command Build() => new("merge", "Make the tuned model of the original one and a LoRA adapter.") { _model, _adapter, _out };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        string path = parsed.GetRequiredValue(_out);
        LoraAdapter adapter = LoraAdapter.Load(parsed.GetRequiredValue(_adapter));
        Model tuned = adapter.Apply(Model.Load(parsed.GetRequiredValue(_model)));
        tuned.Save(path);
        IReadOnlyList<string>? labels = tuned.GetLabels();
        long bytes = new FileInfo(path).Length;
        terminal.Line($"rank {adapter.Rank}, alpha {adapter.Alpha.ToString(CultureInfo.InvariantCulture)}, merged into {adapter.Weights.Count} weights; head on {adapter.Cut}");
        if (labels is not null)
            terminal.Line($"classes: {Figures.Names(labels)}");
        terminal.Line($"Saved: {path} ({Figures.Bytes(bytes)})");
        terminal.Result(new { model = path, adapter.Rank, adapter.Alpha, adapter.Cut, adapter.Weights, labels, bytes });
        return Task.FromResult(ExitCode.Done);
    }
}
