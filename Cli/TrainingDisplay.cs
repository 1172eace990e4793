using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary>Shows a training run: moving bars with the time left on a terminal, a plain line per epoch elsewhere.</summary>
internal static class TrainingDisplay
{
    /// <summary>Runs <paramref name="work"/> with a progress receiver that shows what it reports.</summary>
    public static async Task<T> ShowAsync<T>(Terminal terminal, int epochs, Func<IProgress<TrainingProgress>, Task<T>> work)
    {
        if (!terminal.IsInteractive)
            return await work(new Receiver(p => ShowPlain(terminal, epochs, p)));
        return await terminal.Ansi.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                Bars bars = new(context, epochs);
                return await work(new Receiver(p => bars.Show(terminal, p)));
            });
    }

    private static void ShowPlain(Terminal terminal, int epochs, TrainingProgress progress)
    {
        if (progress.Warning is { } warning)
            terminal.Warning(warning);
        if (progress.Completed is { } epoch)
            terminal.Line($"epoch {epoch.Epoch}/{epochs}: {Describe(epoch)}");
        else if (progress.Phase == TrainingPhase.Features && progress.Done == progress.Total && progress.Warning is null)
            terminal.Line($"features of {progress.Total} pictures: {progress.Elapsed.TotalSeconds:F1} s");
    }

    private static string Describe(EpochResult epoch)
    {
        string text = $"loss {epoch.TrainLoss:F4}";
        if (epoch.TrainAccuracy is { } accuracy)
            text += $", accuracy {accuracy:P1}";
        if (epoch.ValidationLoss is { } loss)
            text += $"; validation loss {loss:F4}";
        if (epoch.ValidationAccuracy is { } validation)
            text += $", accuracy {validation:P1}";
        return text;
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it runs at once and in order.</summary>
    private sealed class Receiver(Action<TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(value);
    }

    private sealed class Bars(ProgressContext context, int epochs)
    {
        private readonly Dictionary<TrainingPhase, ProgressTask> _tasks = [];

        public void Show(Terminal terminal, TrainingProgress progress)
        {
            if (progress.Warning is { } warning)
                terminal.Ansi.MarkupLineInterpolated($"[yellow]warning:[/] {warning}");
            if (!_tasks.TryGetValue(progress.Phase, out ProgressTask? task))
                _tasks[progress.Phase] = task = context.AddTask(progress.Phase == TrainingPhase.Features ? "features, once per picture" : "training");
            task.MaxValue = Math.Max(1, progress.Total);
            task.Value = progress.Done;
            if (progress.Completed is { } epoch)
                task.Description = Markup.Escape($"epoch {epoch.Epoch}/{epochs}: {Describe(epoch)}");
        }
    }
}
