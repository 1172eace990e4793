using System.CommandLine;
using OnnxFineTune.Inference;

namespace OnnxFineTune.Cli;

/// <summary><c>predict</c>: names what is on pictures.</summary>
internal sealed class PredictVerb : IVerb
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Argument<string[]> _files = new("files") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<int> _top = new("--top") { Description = "How many classes to show for each picture.", HelpName = "N", DefaultValueFactory = _ => 3 };
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<int> _threads = CommonOptions.Threads();

    public Command Build() => new("predict", "Name what is on pictures.") { _files, _model, _top, _preprocess, _strict, _threads };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        PredictorOptions options = new() { Preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)), Threads = parsed.GetValue(_threads) };
        using Predictor predictor = Predictor.Open(parsed.GetRequiredValue(_model), options);
        int top = Math.Max(1, parsed.GetValue(_top));
        List<object> results = [];
        List<object> unreadable = [];
        foreach (string file in parsed.GetRequiredValue(_files))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Prediction prediction = predictor.Predict(file);
                terminal.Line($"{file}: {string.Join(", ", prediction.Ranking.Take(top))}");
                results.Add(new { file, prediction.Top.Label, prediction.Top.Probability, classes = prediction.Ranking.Take(top).Select(c => new { c.Label, c.Probability }) });
            }
            catch (Exception e) when (!parsed.GetValue(_strict) && e is ImageFormatException or IOException or UnauthorizedAccessException)
            {
                terminal.Warning(e.Message);
                unreadable.Add(new { file, error = e.Message });
            }
        }
        terminal.Result(new { predictions = results, unreadable });
        return Task.FromResult(results.Count > 0 ? ExitCode.Done : ExitCode.Failed);
    }
}
