using System.CommandLine;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>evaluate</c>: measures a model on labelled pictures.</summary>
internal sealed class EvaluateVerb : IVerb
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _images = new("--images") { Description = "Pictures, a folder per class; the folders' names are the model's labels.", HelpName = "DIR", Required = true };
    private readonly Option<string?> _preprocess = CommonOptions.Preprocess();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<int> _threads = CommonOptions.Threads();

    public Command Build() => new("evaluate", "Measure a model on labelled pictures.") { _model, _images, _preprocess, _strict, _threads };

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        Model model = Model.Load(parsed.GetRequiredValue(_model));
        ImagePreprocessing preprocessing = CommonOptions.Preset(parsed.GetValue(_preprocess)) is { } preset ? ImagePreprocessing.For(model, preset) : ImagePreprocessing.For(model);
        ImageFolder images = ImageFolder.Open(parsed.GetRequiredValue(_images), preprocessing, new ImageFolderOptions { Strict = parsed.GetValue(_strict) });
        EvaluationResult result = Evaluator.Evaluate(model, images, new EvaluatorOptions { Threads = parsed.GetValue(_threads) }, cancellation);
        foreach (string unreadable in result.Unreadable)
            terminal.Warning(unreadable);
        if (result.Unreadable.Count > 0)
            terminal.Warning($"{Figures.Pictures(result.Unreadable.Count)} left out, unreadable.");
        terminal.Line($"accuracy {Figures.Percent(result.Confusion.Accuracy)}, loss {Figures.Loss(result.Loss)} on {Figures.Pictures(result.Count)}");
        terminal.Line();
        ConfusionReport.Show(terminal, result.Confusion);
        terminal.Result(new
        {
            result.Accuracy,
            result.Loss,
            pictures = result.Count,
            result.Confusion.Labels,
            confusion = result.Confusion.Labels.Select((_, actual) => result.Confusion.Labels.Select((_, predicted) => result.Confusion[actual, predicted])),
            result.Unreadable,
        });
        return Task.FromResult(ExitCode.Done);
    }
}
