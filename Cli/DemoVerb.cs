using System.CommandLine;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>demo</c>: a network that knows five kinds of clothes learns five others, with the model and pictures that come with the program.</summary>
internal sealed class DemoVerb : IVerb
{
    private readonly Option<string> _out = new("--out", "-o") { Description = "Folder for the tuned model.", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("runs", "demo") };

    public Command Build() => new("demo", "See it work: a network that knows shirts and trousers learns shoes and bags.") { _out };

    public async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "demo");
        FineTuningOptions options = new()
        {
            Model = Path.Combine(folder, "fashion.onnx"),
            Images = Path.Combine(folder, "train"),
            Test = Path.Combine(folder, "test"),
            Output = parsed.GetRequiredValue(_out),
            Trainer = new TrainerOptions { Seed = 1, Epochs = 60, Cache = FeatureCacheOptions.None },
        };
        Model pretrained = Model.Load(options.Model);
        ImageFolder images = ImageFolder.Open(options.Images, ImagePreprocessing.For(pretrained));
        ImageFolder test = ImageFolder.Open(options.Test, ImagePreprocessing.For(pretrained));
        Model untrained = pretrained.Edit().RemoveClassifier().Attach(options.Head(images.Labels.Count)).Build();
        untrained.SetLabels(images.Labels);
        ShowOperation(terminal, pretrained, untrained, images, test);

        terminal.Heading("Training");
        double before = Evaluator.Evaluate(untrained, test, cancellationToken: cancellation).Confusion.Accuracy;
        FineTuningResult result = await TrainingDisplay.ShowAsync(terminal, options.Trainer.Epochs, progress => FineTuning.RunAsync(options, progress, cancellation));
        terminal.Line();
        if (result.Test is { } tested)
            ShowTest(terminal, result, before, tested, options.Test);
        else
            terminal.Line($"Interrupted. What was learned so far is saved: {result.Model}");
        terminal.Result(new
        {
            result.Model,
            accuracyBefore = before,
            testAccuracy = result.Test?.Accuracy,
            result.Fit.TrainedParameters,
            result.Fit.FrozenParameters,
            result.Cancelled,
            seconds = result.Fit.Elapsed.TotalSeconds,
        });
        return result.Cancelled ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static void ShowOperation(Terminal terminal, Model pretrained, Model untrained, ImageFolder images, ImageFolder test)
    {
        ModelSummary summary = ModelSummary.Of(pretrained);
        ClassifierSummary classifier = summary.Classifier!;
        long trained = Trainable.Head.Select(untrained).Sum(p => p.Data!.Count);
        long all = Parameters.Of(untrained).Sum(p => p.Data!.Count);
        terminal.Heading("The network");
        terminal.Facts(
        [
            ("parameters", Figures.Count(summary.ParameterCount)),
            ("operators", string.Join(", ", summary.Operators.Select(o => $"{o.Value} {o.Key}"))),
            ("it knows", string.Join(", ", pretrained.GetLabels() ?? ["classes without names"])),
        ]);
        terminal.Line();
        terminal.Heading("The new task");
        terminal.Facts(
        [
            ("it shall learn", string.Join(", ", images.Labels)),
            ("pictures", $"{Figures.Count(images.Count)} to train on, {Figures.Count(test.Count)} to test"),
        ]);
        terminal.Line();
        terminal.Heading("The operation");
        terminal.Facts(
        [
            ("cut at", $"{classifier.Features}"),
            ("removed", $"{string.Join(" → ", classifier.Operators)} ({classifier.Classes} classes)"),
            ("attached", $"{string.Join(", ", untrained.HeadParameters)} ({images.Labels.Count} classes), random"),
            ("frozen", $"{Figures.Count(all - trained)} parameters"),
            ("trained", $"{Figures.Count(trained)} parameters"),
        ]);
        terminal.Line();
    }

    private static void ShowTest(Terminal terminal, FineTuningResult result, double before, EvaluationResult tested, string test)
    {
        terminal.Heading("On the test pictures");
        terminal.Line($"accuracy {Figures.Percent(before)} before, {Figures.Percent(tested.Confusion.Accuracy)} after");
        terminal.Line();
        ConfusionReport.Show(terminal, tested.Confusion);
        terminal.Line();
        terminal.Facts(FirstPictures(result.Model, test));
        terminal.Line();
        terminal.Line($"Saved {result.Model}, an ordinary ONNX file with labels and preprocessing inside ({Figures.Seconds(result.Fit.Elapsed)}).");
        terminal.Line($"Try:  dotnet run --project Cli -- predict --model {result.Model} {Path.Combine("samples", "clothes", "test", "bag", "0007.png")}");
    }

    /// <summary>The first picture of each class, as the saved file sees it.</summary>
    private static List<(string Picture, string Prediction)> FirstPictures(string model, string test)
    {
        using Predictor predictor = Predictor.Open(model);
        List<(string, string)> lines = [];
        foreach (string folder in Directory.GetDirectories(test).Order(StringComparer.Ordinal))
        {
            string file = Directory.GetFiles(folder).Order(StringComparer.Ordinal).First();
            lines.Add((Path.GetRelativePath(test, file), string.Join(", ", predictor.Predict(file).Ranking.Take(2))));
        }
        return lines;
    }
}
