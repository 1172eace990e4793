using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the evaluation model must be: the runtime feeds it the training model's parameters by position.</summary>
internal static class EvaluationModelCheck
{
    private const string File = TrainingArtifacts.EvaluationModelFile;

    /// <summary>One sentence per finding.</summary>
    public static IEnumerable<string> Check(Model model, Model? training, Checkpoint checkpoint) => ModelInputs.Loss(File, model)
        .Concat(ModelInputs.Missing(File, model, checkpoint, training))
        .Concat(ModelInputs.Mismatches(File, model, checkpoint, training))
        .Concat(training is null ? [] : Order(Parameters(model, checkpoint), Parameters(training, checkpoint)));

    private static IEnumerable<string> Order(string[] own, string[] trained)
    {
        string[] missing = [.. trained.Except(own)], extra = [.. own.Except(trained)];
        if (missing.Length > 0)
            yield return $"{File} does not take {Listing.Of(missing)}, which {Listing.Is(missing)} among the parameters of {TrainingArtifacts.TrainingModelFile}, so that no evaluation step can run; add {(missing.Length == 1 ? "it" : "them")} as input{(missing.Length == 1 ? "" : "s")}, used or not.";
        if (extra.Length > 0)
            yield return $"{File} takes {Listing.Of(extra)}, which {Listing.Is(extra)} not among the parameters of {TrainingArtifacts.TrainingModelFile}, so that no evaluation step can run; make {(extra.Length == 1 ? "it a constant" : "them constants")}.";
        if (missing.Length + extra.Length == 0 && own.Zip(trained).FirstOrDefault(p => p.First != p.Second) is { First: not null } pair)
            yield return $"{File} takes '{pair.First}' where {TrainingArtifacts.TrainingModelFile} takes '{pair.Second}', and weights are fed by position; bring the parameters of both into one order.";
    }

    private static string[] Parameters(Model model, Checkpoint checkpoint) =>
        [.. model.Graph.FeedInputs.Where(v => ModelInputs.IsParameter(v, checkpoint)).Select(v => v.Name)];
}
