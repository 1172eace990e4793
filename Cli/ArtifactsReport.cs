using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>Shows what artifacts were made of.</summary>
internal static class ArtifactsReport
{
    public static void Show(Terminal terminal, ArtifactCreationOptions options, ArtifactCreationResult result)
    {
        foreach (string warning in result.Warnings)
            terminal.Warning(warning);
        if (!terminal.IsJson)
        {
            ShowOperation(terminal, options, result);
            ShowInputs(terminal, result);
            terminal.Heading($"Written to {options.Output}");
            terminal.Facts(result.Files.Select(f => (f.Name, Figures.Bytes(f.Bytes))));
        }
        terminal.Result(new
        {
            artifacts = options.Output,
            result.CutAt,
            result.Attached,
            result.RemovedActivation,
            result.Trained,
            result.TrainedParameters,
            result.FrozenParameters,
            result.Labels,
            result.FrozenInputs,
            result.TrainingInputs,
            result.EvaluationInputs,
            result.Outputs,
            result.Files,
            result.Warnings,
        });
    }

    private static void ShowOperation(Terminal terminal, ArtifactCreationOptions options, ArtifactCreationResult result)
    {
        terminal.Heading(Path.GetFileName(options.Model));
        List<(string, string)> facts = [];
        if (result.CutAt is { } cut)
        {
            facts.Add(("cut at", $"{cut}"));
            facts.Add(("attached", $"{Names(result.Attached)}, random"));
        }
        if (result.RemovedActivation is { } activation)
            facts.Add(("left out", $"{activation} at the end, since the loss takes logits; `onnxft export` makes probabilities of them again"));
        facts.Add(("trained", $"{Figures.Parameters(result.TrainedParameters)}: {Names(result.Trained)}"));
        facts.Add(("frozen", Figures.Parameters(result.FrozenParameters)));
        if (result.Labels is { } labels)
            facts.Add(("classes", Figures.Names(labels)));
        terminal.Facts(facts);
        terminal.Line();
    }

    private static void ShowInputs(Terminal terminal, ArtifactCreationResult result)
    {
        terminal.Heading("What an app feeds, in this order");
        List<(string, string)> feeds = result.FrozenInputs.Count > 0 ? [(ArtifactCreation.FrozenModelFile, $"{string.Join("; ", result.FrozenInputs)} (once per example, in any session)")] : [];
        feeds.Add(("a training step", string.Join("; ", result.TrainingInputs)));
        feeds.Add(("an evaluation step", string.Join("; ", result.EvaluationInputs)));
        feeds.Add(("and gets", string.Join("; ", result.Outputs)));
        terminal.Facts(feeds);
        terminal.Line();
    }

    private static string Names(IReadOnlyList<TensorSummary> parameters) => Figures.Names([.. parameters.Select(p => p.Name)]);
}
