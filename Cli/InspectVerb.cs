using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary><c>inspect</c>: what a model is made of, its classifier, and where it can be cut.</summary>
internal sealed class InspectVerb : IVerb
{
    private const int CutPointsShown = 15;
    private const int BlocksShown = 4;
    private const int LongestText = 300;
    private const int WideTerminal = 110;

    private readonly Argument<string> _model = new("model") { Description = "The ONNX model." };
    private readonly Option<bool> _all = new("--all") { Description = $"Show every value at which the model can be cut, not just the last {CutPointsShown}." };

    private readonly Option<bool> _trainable = new("--trainable") { Description = "Show what training from each value on would take, and which operators no gradient passes." };
    private readonly Option<int> _batch = NumberOption.Of("--batch", "With --trainable: examples in a batch.", "N", 16, n => n is >= 1 and <= 1_000_000, "from 1 to 1000000");

    public Command Build()
    {
        Command command = new("inspect", "Show what a model is made of, its classifier, and where it can be cut; or what training it would take.") { _model, _all, _trainable, _batch };
        command.Validators.Add(result =>
        {
            if (result.GetResult(_batch) is { Implicit: false } && result.GetResult(_trainable) is not { Implicit: false })
                result.AddError("--batch goes with --trainable.");
        });
        return command;
    }

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        string path = parsed.GetRequiredValue(_model);
        if (parsed.GetValue(_trainable))
        {
            TrainabilityDisplay.Show(terminal, Path.GetFileName(path), Trainability.Of(Model.Load(path), parsed.GetValue(_batch)), parsed.GetValue(_all) ? int.MaxValue : CutPointsShown);
            return Task.FromResult(ExitCode.Done);
        }
        ModelSummary summary = ModelSummary.Of(Model.Load(path));
        if (!terminal.IsJson)
        {
            ShowOverview(terminal, path, summary);
            ShowCutPoints(terminal, summary, parsed.GetValue(_all));
        }
        terminal.Result(summary);
        return Task.FromResult(ExitCode.Done);
    }

    private static void ShowOverview(Terminal terminal, string path, ModelSummary summary)
    {
        terminal.Heading(Path.GetFileName(path));
        List<(string, string)> facts =
        [
            ("inputs", string.Join("; ", summary.Inputs)),
            ("outputs", string.Join("; ", summary.Outputs)),
            ("opset", $"{string.Join(", ", summary.Opsets.Select(o => o.Key == "ai.onnx" ? $"{o.Value}" : $"{o.Key} {o.Value}"))}, IR {summary.IrVersion}{(summary.Producer.Length > 0 ? $", made by {summary.Producer}" : "")}"),
            ("operators", string.Join(", ", summary.Operators.Select(o => $"{o.Value} {o.Key}"))),
            ("parameters", $"{Figures.Count(summary.ParameterCount)} in {summary.Parameters.Count} tensors, {Figures.Bytes(summary.ParameterBytes)}"),
            ("multiply-accumulates", summary.MultiplyAccumulates is { } macs ? $"{Figures.Count(macs)} for one example" : "not known: a shape on the way is open"),
            .. summary.Metadata.Where(m => m.Key != Model.HeadKey).Select(m => (m.Key, Shortened(m.Value.ReplaceLineEndings(" ")))),
        ];
        if (summary.HeadParameters.Count > 0)
            facts.Add(("attached head", string.Join(", ", summary.HeadParameters)));
        facts.Add(("classifier", summary.Classifier is { } c
            ? $"{c.Kind}, {c.Classes} classes ({string.Join(" → ", c.Operators)}) on {c.Features}"
            : $"not recognised. {summary.NoClassifierReason}"));
        if (summary.Blocks.Count > 0)
            facts.Add(("blocks", $"{summary.Blocks.Count} for --trainable blocks:N, the last from {string.Join(", ", summary.Blocks.TakeLast(BlocksShown).Reverse().Select((b, i) => $"{i + 1}: {b.From} ({Figures.Count(b.ParameterCount)} parameters)"))}"));
        terminal.Facts(facts);
    }

    private static string Shortened(string text) => text.Length > LongestText ? $"{text[..LongestText]}…" : text;

    private static void ShowCutPoints(Terminal terminal, ModelSummary summary, bool all)
    {
        IReadOnlyList<CutPoint> points = all ? summary.CutPoints : [.. summary.CutPoints.TakeLast(CutPointsShown)];
        terminal.Line();
        terminal.Heading(points.Count < summary.CutPoints.Count
            ? $"The last {points.Count} of {summary.CutPoints.Count} values at which the model can be cut (--all shows all)"
            : "Values at which the model can be cut");
        bool withWork = !terminal.IsInteractive || terminal.Ansi.Profile.Width >= WideTerminal;
        Table table = new Table().AddColumn(new TableColumn("value").NoWrap()).AddColumn("shape").AddColumn(Right("parameters before")).AddColumn(Right("after"));
        if (withWork)
            table.AddColumn(Right("MACs before")).AddColumn(Right("after"));
        foreach (CutPoint point in points)
        {
            Text[] cells =
            [
                new(point.Value.Name), new(point.Value.Shape is { } shape ? $"[{string.Join(", ", shape)}]" : "?"), Number(point.ParametersBefore), Number(point.ParametersAfter),
                Number(point.MultiplyAccumulatesBefore), Number(point.MultiplyAccumulatesAfter),
            ];
            table.AddRow(cells[..table.Columns.Count]);
        }
        terminal.Write(table);
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static Text Number(long? value) => new(value is { } number ? Figures.Count(number) : "?");
}
