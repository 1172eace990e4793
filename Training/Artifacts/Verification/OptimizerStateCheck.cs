using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the optimizer's state in a checkpoint must hold, where there is one.</summary>
internal static class OptimizerStateCheck
{
    private const string File = TrainingArtifacts.CheckpointFile;

    /// <summary>One sentence per finding.</summary>
    public static IEnumerable<string> Check(Checkpoint checkpoint, Model? optimizer)
    {
        if (checkpoint.OptimizerGroups.Count == 0)
            return [];
        return checkpoint.Optimizer is { } group ? Moments(checkpoint, group, OptimizerModelCheck.MomentKeys(optimizer))
            : [$"The optimizer's state in {File} is in the group '{checkpoint.OptimizerGroups[0].Name}', and the runtime looks in '{OptimizerGroup.DefaultName}' and would begin anew; write the checkpoint again, or without the optimizer's state."];
    }

    private static IEnumerable<string> Moments(Checkpoint checkpoint, OptimizerGroup group, IReadOnlyList<string> keys)
    {
        string[] without = [.. checkpoint.Trainable.Keys.Where(p => !group.Moments.ContainsKey(p))];
        if (without.Length > 0)
            yield return $"The optimizer's state in {File} lacks {Listing.Of(without)}; write the checkpoint again, or without the optimizer's state.";
        foreach ((string parameter, IReadOnlyDictionary<string, TensorData> moments) in group.Moments.Where(m => checkpoint.Trainable.ContainsKey(m.Key)))
        {
            string[] missing = [.. keys.Where(k => !moments.ContainsKey(k))];
            if (missing.Length > 0)
                yield return $"The optimizer's state of '{parameter}' in {File} lacks {Listing.Of(missing)}, which the optimizer of {TrainingArtifacts.OptimizerModelFile} has; take the checkpoint that belongs to it.";
            foreach ((string key, TensorData moment) in moments)
                if (!checkpoint.IsNominal && !moment.Shape.Equals(checkpoint.Trainable[parameter].Shape))
                    yield return $"The moment '{key}' of '{parameter}' in {File} is {moment}, and the parameter is {checkpoint.Trainable[parameter]}; write the checkpoint again, or without the optimizer's state.";
        }
    }
}
