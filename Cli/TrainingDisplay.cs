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
            return await work(new PlainProgress(terminal, epochs));
        return await terminal.Ansi.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = BarWidth }, new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new MovingBars(terminal, context, epochs)));
    }

    private const int BarWidth = 24;

    private static string Describe(double loss, double? accuracy) => $"loss {Figures.Loss(loss)}{(accuracy is { } share ? $", accuracy {Figures.Percent(share)}" : "")}";

    /// <summary>Unlike <see cref="Progress{T}"/> it shows at once and in order.</summary>
    private sealed class PlainProgress(Terminal terminal, int epochs) : IProgress<TrainingProgress>
    {
        private readonly HashSet<TrainingPhase> _shown = [];

        public void Report(TrainingProgress value)
        {
            if (value.Warning is { } warning)
                terminal.Warning(warning);
            else if (value is { Completed: { } epoch, Phase: TrainingPhase.Training })
                terminal.Line($"epoch {epoch.Epoch}/{epochs}: {Describe(epoch.TrainLoss, epoch.TrainAccuracy)}"
                    + (epoch.ValidationLoss is { } loss ? $"; validation {Describe(loss, epoch.ValidationAccuracy)}" : ""));
            else if (value.Phase != TrainingPhase.Training && value.Done == value.Total && _shown.Add(value.Phase))
                terminal.Line(value.Phase == TrainingPhase.Features
                    ? $"features of {Figures.Pictures(value.Total)}: {Figures.Seconds(value.Elapsed)}"
                    : $"trained anew on all pictures, those held back included: {Figures.Seconds(value.Elapsed)}");
        }
    }

    private sealed class MovingBars(Terminal terminal, ProgressContext context, int epochs) : IProgress<TrainingProgress>
    {
        private readonly Dictionary<TrainingPhase, ProgressTask> _tasks = [];

        public void Report(TrainingProgress value)
        {
            if (value.Warning is { } warning)
                terminal.Ansi.MarkupLineInterpolated($"[yellow]warning:[/] {warning}");
            if (!_tasks.TryGetValue(value.Phase, out ProgressTask? task))
                _tasks[value.Phase] = task = context.AddTask(value.Phase switch
                {
                    TrainingPhase.Features => "features, once per picture",
                    TrainingPhase.Training => $"epoch 1/{epochs}",
                    _ => "once more on all pictures",
                });
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
            if (value is { Completed: { } epoch, Phase: TrainingPhase.Training })
                task.Description = Markup.Escape(Short(epoch));
        }

        /// <summary>What tells most, short enough for 80 columns with the bar.</summary>
        private string Short(EpochResult epoch)
        {
            bool validated = epoch.ValidationLoss is not null;
            return $"epoch {epoch.Epoch}/{epochs}: {(validated ? "validation " : "")}{Describe(epoch.ValidationLoss ?? epoch.TrainLoss, validated ? epoch.ValidationAccuracy : epoch.TrainAccuracy)}";
        }
    }
}
