using System.CommandLine;
using System.Globalization;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary><c>check-gradients</c>: compares the gradients of a model with finite differences of its loss.</summary>
internal sealed class CheckGradientsVerb : IVerb
{
    private const int MostShown = 10;

    private static readonly GradientCheckOptions Defaults = new();

    private readonly Argument<string> _model = new("model") { Description = "The ONNX model; it is differentiated as it is." };
    private readonly BatchOptions _batch = new();
    private readonly Option<int> _directions = NumberOption.Of("--directions", "Random directions in which each parameter is moved.", "N", Defaults.Directions, n => n is >= 1 and <= 100, "from 1 to 100");
    private readonly Option<double> _tolerance = NumberOption.Of("--tolerance", "Relative difference that counts as rounding of the gradients.", "T", Defaults.Tolerance, t => t is >= 0 and <= 1, "from 0 to 1");
    private readonly Option<int> _seed = NumberOption.Of("--seed", "Decides the directions, and the batch where none is given.", "N", Defaults.Seed, _ => true, "");

    public Command Build()
    {
        Command command = new("check-gradients", "Compare the gradients of a model with finite differences of its loss; without tensors on a random batch.") { _model };
        foreach (Option option in _batch.All.Concat([_directions, _tolerance, _seed]))
            command.Options.Add(option);
        return command;
    }

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        Model model = Model.Load(parsed.GetRequiredValue(_model));
        IReadOnlyDictionary<string, TensorData> inputs = _batch.ReadInputs(parsed, model);
        TensorData? labels = parsed.GetValue(_batch.Labels) is { } file ? TensorFile.Load(file) : null;
        ModelGradientsOptions gradients = _batch.Read(parsed);
        GradientCheckOptions options = new()
        {
            Directions = parsed.GetValue(_directions),
            Tolerance = parsed.GetValue(_tolerance),
            Seed = parsed.GetValue(_seed),
            Threads = gradients.Threads,
        };
        GradientCheckResult result = GradientCheck.Run(model, inputs.Count > 0 ? inputs : null, labels, gradients, options, cancellation);
        Show(terminal, result);
        return Task.FromResult(result.Passed ? ExitCode.Done : ExitCode.Failed);
    }

    private static void Show(Terminal terminal, GradientCheckResult result)
    {
        string precision = result.Precision == ElementType.Double ? "float64" : "float32";
        terminal.Line($"loss {Figures.Loss(result.Loss)} in {precision}, rounding {Short(result.Noise)}");
        terminal.Line($"{Figures.Count(result.Parameters.Count)} gradients: {result.Count(GradientVerdict.Right)} right, {result.Count(GradientVerdict.Undecided)} undecided, {result.Count(GradientVerdict.Wrong)} wrong");
        terminal.Line($"worst: {result.Parameters[0]}");
        terminal.Line();
        Table table = new Table().AddColumn("parameter").AddColumn("verdict").AddColumn(Right("norm")).AddColumn(Right("gradient")).AddColumn(Right("difference")).AddColumn(Right("error")).AddColumn(Right("allowed"));
        foreach (ParameterCheck p in result.Parameters.Take(MostShown))
            table.AddRow(new Text(p.Name), new Text(p.Verdict.ToString().ToLowerInvariant() + (p.IsKink ? ", kink" : "")), new Text(Short(p.GradientNorm)), new Text(Long(p.Computed)), new Text(Long(p.Expected)), new Text(Short(p.Error)), new Text(Short(p.Allowed)));
        terminal.Write(table);
        terminal.Result(new { result.Passed, result.Loss, precision, result.Noise, worst = result.Parameters[0].Name, result.Parameters });
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static string Short(double number) => number.ToString("0.0E+0", CultureInfo.InvariantCulture);

    private static string Long(double number) => number.ToString("G6", CultureInfo.InvariantCulture);
}
