using System.CommandLine;
using OnnxFineTune.Surgery;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary><c>inspect</c>: what a model is made of, its classifier, and where it can be cut.</summary>
internal sealed class InspectVerb : IVerb
{
    private const int CutPointsShown = 15;

    private readonly Argument<string> _model = new("model") { Description = "The ONNX model." };
    private readonly Option<bool> _all = new("--all") { Description = $"Show every value at which the model can be cut, not just the last {CutPointsShown}." };

    public Command Build() => new("inspect", "Show what a model is made of, its classifier, and where it can be cut.") { _model, _all };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        string path = parsed.GetRequiredValue(_model);
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
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn();
        Add("inputs", string.Join("; ", summary.Inputs));
        Add("outputs", string.Join("; ", summary.Outputs));
        Add("opset", $"{string.Join(", ", summary.Opsets.Select(o => o.Key == "ai.onnx" ? $"{o.Value}" : $"{o.Key} {o.Value}"))}, IR {summary.IrVersion}{(summary.Producer.Length > 0 ? $", made by {summary.Producer}" : "")}");
        Add("operators", string.Join(", ", summary.Operators.Select(o => $"{o.Value} {o.Key}")));
        Add("parameters", $"{summary.ParameterCount:N0} in {summary.Parameters.Count} tensors, {Size(summary.ParameterBytes)}");
        Add("multiply-accumulates", summary.MultiplyAccumulates is { } macs ? $"{macs:N0} for one example" : "not known: a shape on the way is open");
        foreach ((string key, string text) in summary.Metadata)
            Add(key, text);
        if (summary.HeadParameters.Count > 0)
            Add("attached head", string.Join(", ", summary.HeadParameters));
        Add("classifier", summary.Classifier is { } c
            ? $"{c.Kind}, {c.Classes} classes ({string.Join(" → ", c.Operators)}) on {c.Features}"
            : $"not recognised. {summary.NoClassifierReason}");
        terminal.Ansi.Write(grid);

        void Add(string name, string text) => grid.AddRow(new Text(name), new Text(text));
    }

    private static void ShowCutPoints(Terminal terminal, ModelSummary summary, bool all)
    {
        IReadOnlyList<CutPoint> points = all ? summary.CutPoints : [.. summary.CutPoints.TakeLast(CutPointsShown)];
        terminal.Line();
        terminal.Heading(points.Count < summary.CutPoints.Count
            ? $"The last {points.Count} of {summary.CutPoints.Count} values at which the model can be cut (--all shows all)"
            : "Values at which the model can be cut");
        Table table = new Table().Border(terminal.IsInteractive ? TableBorder.Rounded : TableBorder.Minimal)
            .AddColumn("value").AddColumn("shape").AddColumn(Right("parameters before")).AddColumn(Right("after")).AddColumn(Right("MACs before")).AddColumn(Right("after"));
        foreach (CutPoint point in points)
            table.AddRow(new Text(point.Value.Name), new Text(point.Value.Shape is { } shape ? $"[{string.Join(", ", shape)}]" : "?"), Number(point.ParametersBefore), Number(point.ParametersAfter),
                Number(point.MultiplyAccumulatesBefore), Number(point.MultiplyAccumulatesAfter));
        terminal.Ansi.Write(table);
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static Text Number(long? value) => new(value?.ToString("N0") ?? "?");

    private static string Size(long bytes) => bytes < 1 << 20 ? $"{bytes / 1024.0:N0} KiB" : $"{bytes / 1048576.0:N1} MiB";
}
