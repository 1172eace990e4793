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
        string output = parsed.GetRequiredValue(_out);
        FineTuningOptions options = new()
        {
            Model = Path.Combine(folder, "fashion.onnx"),
            Images = Path.Combine(folder, "train"),
            Test = Path.Combine(folder, "test"),
            Output = output,
            Trainer = new TrainerOptions { Seed = 1 },
        };
        Model pretrained = Model.Load(options.Model);
        ModelSummary summary = ModelSummary.Of(pretrained);
        ImageFolder images = ImageFolder.Open(options.Images, ImagePreprocessing.For(pretrained));
        ImageFolder test = ImageFolder.Open(options.Test, ImagePreprocessing.For(pretrained));

        terminal.Heading("The network");
        terminal.Line($"{summary.ParameterCount:N0} parameters: {string.Join(", ", summary.Operators.Select(o => $"{o.Value} {o.Key}"))}");
        terminal.Line($"it knows: {string.Join(", ", pretrained.GetLabels() ?? [])}");
        terminal.Line();
        terminal.Heading("The new task");
        terminal.Line($"it shall learn: {string.Join(", ", images.Labels)}; {images.Count} pictures to train on, {test.Count} to test");
        terminal.Line();
        terminal.Heading("The operation");
        Model untrained = pretrained.Edit().RemoveClassifier().Attach(options.Head(images.Labels.Count)).Build();
        long trained = Trainable.Head.Select(untrained).Sum(p => p.Data!.Count);
        long all = Parameters.Of(untrained).Sum(p => p.Data!.Count);
        terminal.Line($"cut at    {summary.Classifier!.Features}");
        terminal.Line($"removed   {string.Join(" → ", summary.Classifier.Operators)} ({summary.Classifier.Classes} classes)");
        terminal.Line($"attached  {string.Join(", ", untrained.HeadParameters)} ({images.Labels.Count} classes), random");
        terminal.Line($"frozen    {all - trained:N0} parameters, trained {trained:N0}");
        terminal.Line();
        terminal.Heading("Training");
        untrained.SetLabels(images.Labels);
        double before = Evaluator.Evaluate(untrained, test, cancellationToken: cancellation).Accuracy;
        FineTuningResult result = await TrainingDisplay.ShowAsync(terminal, options.Trainer.Epochs, progress => FineTuning.RunAsync(options, progress, cancellation));
        terminal.Line();
        if (result.Test is not { } tested)
        {
            terminal.Error($"Interrupted. What was learned so far is saved: {result.Model}");
            return ExitCode.Interrupted;
        }
        terminal.Heading("On the test pictures");
        terminal.Line($"accuracy {before:P1} before, {tested.Accuracy:P1} after");
        terminal.Line();
        terminal.Line(tested.Confusion.ToString());
        ShowPredictions(terminal, result.Model, options.Test);
        terminal.Line();
        terminal.Line($"Saved {result.Model}, an ordinary ONNX file with labels and preprocessing inside ({result.Fit.Elapsed.TotalSeconds:F1} s).");
        terminal.Line($"Try:  dotnet run --project Cli -- predict --model {result.Model} {Path.Combine("samples", "clothes", "test", "bag", "0007.png")}");
        terminal.Result(new { result.Model, accuracyBefore = before, testAccuracy = tested.Accuracy, trainedParameters = trained, frozenParameters = all - trained, seconds = result.Fit.Elapsed.TotalSeconds });
        return ExitCode.Done;
    }

    /// <summary>The first picture of each class, as the saved file sees it.</summary>
    private static void ShowPredictions(Terminal terminal, string model, string test)
    {
        using Predictor predictor = Predictor.Open(model);
        foreach (string folder in Directory.GetDirectories(test).Order(StringComparer.Ordinal))
        {
            string file = Directory.GetFiles(folder).Order(StringComparer.Ordinal).First();
            Prediction prediction = predictor.Predict(file);
            terminal.Line($"{Path.GetFileName(folder)}/{Path.GetFileName(file),-10} {string.Join(", ", prediction.Ranking.Take(2))}");
        }
    }
}
