using System.CommandLine;
using OnnxFineTune.Inference;

namespace OnnxFineTune.Cli;

/// <summary><c>predict</c>: names what is on pictures.</summary>
internal sealed class PredictVerb : IVerb
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Argument<string[]> _files = new("files") { Description = "Pictures.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<int> _top = NumberOption.Of("--top", "How many classes to show for each picture.", "N", 3, n => n >= 1, "of at least 1");
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<int> _threads = CommonOptions.Threads();

    public Command Build() => new("predict", "Name what is on pictures.") { _files, _model, _top, _preprocess, _strict, _threads };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        PredictorOptions options = new() { Preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)), Threads = parsed.GetValue(_threads) };
        using Predictor predictor = Predictor.Open(parsed.GetRequiredValue(_model), options);
        int top = parsed.GetValue(_top);
        List<object> results = [];
        List<object> unreadable = [];
        foreach (string file in parsed.GetRequiredValue(_files))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Prediction prediction = Predict(predictor, file);
                terminal.Line($"{file}: {string.Join(", ", prediction.Ranking.Take(top))}");
                results.Add(new { file, prediction.Top.Label, prediction.Top.Probability, classes = prediction.Ranking.Take(top).Select(c => new { c.Label, c.Probability }) });
            }
            catch (ImageFormatException e) when (!parsed.GetValue(_strict))
            {
                terminal.Warning(e.Message);
                unreadable.Add(new { file, error = e.Message });
            }
        }
        if (unreadable.Count > 0)
            terminal.Warning($"{Figures.Pictures(unreadable.Count)} left out, unreadable.");
        terminal.Result(new { predictions = results, unreadable });
        return Task.FromResult(results.Count > 0 ? ExitCode.Done : ExitCode.Failed);
    }

    /// <exception cref="ImageFormatException">The file is absent, cannot be read, or is no picture.</exception>
    private static Prediction Predict(Predictor predictor, string file)
    {
        if (Directory.Exists(file))
            throw new ImageFormatException($"'{file}' is a folder; give pictures, for example {Path.Combine(file, "*.jpg")}.");
        if (!File.Exists(file))
            throw new ImageFormatException($"There is no picture '{file}'; check its path.");
        try
        {
            return predictor.Predict(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException($"'{file}' cannot be read: {e.Message}", e);
        }
    }
}
