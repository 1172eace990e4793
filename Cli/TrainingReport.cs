using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>Shows what a training run gave.</summary>
internal static class TrainingReport
{
    public static void Show(Terminal terminal, FineTuningResult result)
    {
        FitResult fit = result.Fit;
        foreach (string unreadable in result.Test?.Unreadable ?? [])
            terminal.Warning(unreadable);
        if (fit.Unreadable.Count + (result.Test?.Unreadable.Count ?? 0) is > 0 and int left)
            terminal.Warning($"{Figures.Pictures(left)} left out, unreadable.");
        terminal.Line();
        terminal.Line($"cut at {result.CutAt}; {Figures.Count(fit.TrainedParameters)} parameters trained, {Figures.Count(fit.FrozenParameters)} as they were");
        terminal.Line(Accuracies(result));
        if (result.Test is { } test)
        {
            terminal.Line();
            ConfusionReport.Show(terminal, test.Confusion);
            terminal.Line();
        }
        terminal.Line($"{Ending(result)}: {result.Model} ({Figures.Seconds(fit.Elapsed)})");
        if (result.Adapter is { } adapter)
            terminal.Line($"The adapter alone: {adapter} ({Figures.Bytes(new FileInfo(adapter).Length)}, rank {fit.Adapter!.Rank} on {fit.Adapter.Weights.Count} weights)");
        terminal.Result(new
        {
            result.Model,
            result.Adapter,
            adapterBytes = result.Adapter is null ? (long?)null : new FileInfo(result.Adapter).Length,
            adaptedWeights = fit.Adapter?.Weights,
            result.Labels,
            result.CutAt,
            fit.TrainAccuracy,
            fit.ValidationAccuracy,
            testAccuracy = result.Test?.Accuracy,
            testLoss = result.Test?.Loss,
            epochs = fit.History.Count,
            fit.BestEpoch,
            fit.RefitEpochs,
            fit.Stopped,
            fit.TrainedParameters,
            fit.FrozenParameters,
            trainingPictures = fit.TrainingExamples,
            validationPictures = fit.ValidationExamples,
            testPictures = result.Test?.Count,
            unreadable = fit.Unreadable.Concat(result.Test?.Unreadable ?? []),
            result.Cancelled,
            fit.Warnings,
            seconds = fit.Elapsed.TotalSeconds,
            fit.HeadHistory,
            fit.History,
        });
    }

    private static string Ending(FineTuningResult result) => result switch
    {
        { Fit.Cancelled: true } => "Interrupted. What was learned so far is saved",
        { Cancelled: true } => "Interrupted before the test. The tuned model is saved",
        { Fit: { Stopped: StopReason.Diverged, BestEpoch: 0 } } => "The head that was trained first is saved",
        { Fit.Stopped: StopReason.Diverged } => $"The weights of epoch {result.Fit.BestEpoch} are saved",
        { Fit: { Stopped: StopReason.EarlyStopping, RefitEpochs: { } epochs } } => $"Stopped early; trained anew for {epochs} epochs and saved",
        { Fit.Stopped: StopReason.EarlyStopping } => $"Stopped early; the weights of epoch {result.Fit.BestEpoch} are saved",
        _ => "Saved",
    };

    private static string Accuracies(FineTuningResult result)
    {
        List<string> parts = [];
        Add("training", result.Fit.TrainAccuracy);
        Add("validation", result.Fit.ValidationAccuracy);
        Add("test", result.Test?.Accuracy);
        return parts.Count > 0 ? $"accuracy: {string.Join(", ", parts)}" : "accuracy: not measured";

        void Add(string name, double? accuracy)
        {
            if (accuracy is { } value)
                parts.Add($"{name} {Figures.Percent(value)}");
        }
    }
}
