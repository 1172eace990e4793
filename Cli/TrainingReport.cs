using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>Shows what a training run gave.</summary>
internal static class TrainingReport
{
    public static void Show(Terminal terminal, FineTuningResult result)
    {
        FitResult fit = result.Fit;
        foreach (string warning in fit.Warnings)
            terminal.Warning(warning);
        if (fit.Unreadable.Count > 0)
            terminal.Warning($"{fit.Unreadable.Count} unreadable pictures were left out.");
        terminal.Line();
        terminal.Line($"cut at {result.CutAt}; trained {fit.TrainedParameters:N0} parameters, {fit.FrozenParameters:N0} stayed as they were");
        terminal.Line(Accuracies(result));
        if (result.Test is { } test)
            terminal.Line(test.Confusion.ToString());
        terminal.Line($"{(fit.Cancelled ? "Interrupted. What was learned so far is saved" : "Saved")}: {result.Model} ({fit.Elapsed.TotalSeconds:F1} s)");
        terminal.Result(new
        {
            result.Model,
            result.Labels,
            result.CutAt,
            fit.TrainAccuracy,
            fit.ValidationAccuracy,
            testAccuracy = result.Test?.Accuracy,
            testLoss = result.Test?.Loss,
            epochs = fit.History.Count,
            fit.BestEpoch,
            fit.Stopped,
            fit.TrainedParameters,
            fit.FrozenParameters,
            trainingPictures = fit.TrainingExamples,
            validationPictures = fit.ValidationExamples,
            testPictures = result.Test?.Count,
            fit.Unreadable,
            fit.Warnings,
            seconds = fit.Elapsed.TotalSeconds,
            fit.History,
        });
    }

    private static string Accuracies(FineTuningResult result)
    {
        List<string> parts = [];
        Add("training", result.Fit.TrainAccuracy);
        Add("validation", result.Fit.ValidationAccuracy);
        Add("test", result.Test?.Accuracy);
        return $"accuracy: {string.Join(", ", parts)}";

        void Add(string name, double? accuracy)
        {
            if (accuracy is { } value)
                parts.Add($"{name} {value:P1}");
        }
    }
}
