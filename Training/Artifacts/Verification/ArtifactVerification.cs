namespace OnnxFineTune.Training;

/// <summary>
/// Looks at training artifacts as ONNX Runtime 1.19.2 would, without it, and says what that would refuse, or take without a word for something else than was
/// meant. Artifacts of other tools can be checked too.
/// </summary>
public static class ArtifactVerification
{
    /// <summary>Checks the four artifacts in a folder.</summary>
    /// <param name="folder">Where <see cref="TrainingArtifacts.Save"/> or another tool has written them.</param>
    /// <returns>One sentence per finding, with the remedy; none where all is well. What builds on a file that cannot be read is not checked.</returns>
    public static IReadOnlyList<string> Check(string folder)
    {
        if (!Directory.Exists(folder))
            return [$"There is no folder '{folder}'; give the one that holds the artifacts."];
        List<string> findings = [];
        ArtifactParts parts = ArtifactParts.Read(folder, findings);
        findings.AddRange(Check(parts));
        return findings;
    }

    /// <summary>Checks what could be read.</summary>
    internal static IEnumerable<string> Check(ArtifactParts parts)
    {
        IEnumerable<string> findings = [];
        foreach ((string file, Surgery.Model model) in parts.Models)
            findings = findings.Concat(RuntimeLimits.Check(file, model));
        if (parts.Optimizer is { } optimizer)
            findings = findings.Concat(OptimizerModelCheck.Check(optimizer));
        if (parts.Checkpoint is { } checkpoint)
        {
            if (parts.Training is { } training)
                findings = findings.Concat(new TrainingModelCheck(training, checkpoint).Check());
            if (parts.Evaluation is { } evaluation)
                findings = findings.Concat(EvaluationModelCheck.Check(evaluation, parts.Training, checkpoint));
            findings = findings.Concat(OptimizerStateCheck.Check(checkpoint, parts.Optimizer));
        }
        return findings;
    }
}
