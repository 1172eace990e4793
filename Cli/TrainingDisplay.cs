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

    private static string Both(EpochResult epoch) =>
        Describe(epoch.TrainLoss, epoch.TrainAccuracy) + (epoch.ValidationLoss is { } loss ? $"; validation {Describe(loss, epoch.ValidationAccuracy)}" : "");

    /// <summary>Unlike <see cref="Progress{T}"/> it shows at once and in order.</summary>
    private sealed class PlainProgress(Terminal terminal, int epochs) : IProgress<TrainingProgress>
    {
        private (TrainingPhase Phase, bool IsShown) _last;

        public void Report(TrainingProgress value)
        {
            if (value.Warning is { } warning)
                terminal.Warning(warning);
            else if (value is { Completed: { } epoch, Phase: TrainingPhase.Training })
                terminal.Line($"epoch {epoch.Epoch}/{epochs}: {Both(epoch)}");
            if (_last.Phase != value.Phase)
                _last = (value.Phase, false);
            if (value.Warning is null && !_last.IsShown && value.Done == value.Total && Ending(value) is { } text)
            {
                terminal.Line(text);
                _last.IsShown = true;
            }
        }

        /// <summary>What is said of a phase that has ended; null where the epochs have told, or tell at the end.</summary>
        private static string? Ending(TrainingProgress value) => value switch
        {
            { Phase: TrainingPhase.Features } => $"features of {Figures.Pictures(value.Total)}: {Figures.Seconds(value.Elapsed)}",
            { Phase: TrainingPhase.Head, Completed: { } epoch } => $"the head alone, {epoch.Epoch} epochs: {Both(epoch)}: {Figures.Seconds(value.Elapsed)}",
            { Phase: TrainingPhase.Refitting } => $"trained anew on all pictures, those held back included: {Figures.Seconds(value.Elapsed)}",
            _ => null,
        };
    }

    private sealed class MovingBars(Terminal terminal, ProgressContext context, int epochs) : IProgress<TrainingProgress>
    {
        private (TrainingPhase Phase, ProgressTask Task)? _last;

        public void Report(TrainingProgress value)
        {
            if (value.Warning is { } warning)
                terminal.Ansi.MarkupLineInterpolated($"[yellow]warning:[/] {warning}");
            if (_last is not { } last || last.Phase != value.Phase)
                _last = last = (value.Phase, context.AddTask(value.Phase switch
                {
                    TrainingPhase.Features => "features, once per picture",
                    TrainingPhase.Head => "the head alone",
                    TrainingPhase.Training => $"epoch 1/{epochs}",
                    _ => "once more on all pictures",
                }));
            ProgressTask task = last.Task;
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
            if (value is { Completed: { } epoch, Phase: TrainingPhase.Training or TrainingPhase.Head })
                task.Description = Markup.Escape(value.Phase == TrainingPhase.Head ? $"head alone: {Short(epoch)}" : $"epoch {epoch.Epoch}/{epochs}: {Short(epoch)}");
        }

        /// <summary>What tells most, short enough for 80 columns with the bar.</summary>
        private static string Short(EpochResult epoch)
        {
            bool validated = epoch.ValidationLoss is not null;
            return $"{(validated ? "validation " : "")}{Describe(epoch.ValidationLoss ?? epoch.TrainLoss, validated ? epoch.ValidationAccuracy : epoch.TrainAccuracy)}";
        }
    }
}
