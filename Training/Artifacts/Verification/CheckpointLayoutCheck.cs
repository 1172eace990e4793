using Google.FlatBuffers;
using Slots = OnnxFineTune.Training.CheckpointSlots;

namespace OnnxFineTune.Training;

/// <summary>What the runtime expects of a checkpoint file beyond what <see cref="CheckpointReader"/> needs to understand it.</summary>
internal static class CheckpointLayoutCheck
{
    private const string File = TrainingArtifacts.CheckpointFile;

    /// <param name="bytes">A checkpoint that <see cref="CheckpointReader"/> has read.</param>
    /// <param name="hasDataFile">Whether there is a file of weights beside it.</param>
    public static IEnumerable<string> Check(byte[] bytes, bool hasDataFile)
    {
        if (FlatTable.Root(new ByteBuffer(bytes)).Child(Slots.Checkpoint.ModuleState) is not { } module)
            return [$"{File} has no parameters at all (its field module_state is absent), and the runtime refuses it; write it again."];
        List<string> findings = [];
        foreach ((string name, int slot) in new[] { ("requires_grad_params", Slots.ModuleState.Trainable), ("frozen_params", Slots.ModuleState.Frozen) })
            if (!IsThere(module, slot))
                findings.Add($"{File} has no list {name}, which the runtime needs even where it is empty; write it again.");
        FlatTable[] tensors = [.. module.Children(Slots.ModuleState.Trainable).Concat(module.Children(Slots.ModuleState.Frozen))];
        if (tensors.Where(t => !IsThere(t, Slots.Tensor.Dims)).Select(Name).ToArray() is { Length: > 0 } shapeless)
            findings.Add($"{File} gives no dimensions for {Listing.Of(shapeless)}, which the runtime needs of scalars too; write it again.");
        if (module.Bool(Slots.ModuleState.IsNominal) && tensors.Where(t => !IsNominal(t)).Select(Name).ToArray() is { Length: > 0 } full)
            findings.Add($"{File} says that it is nominal, but {Listing.Of(full)} {Listing.Is(full)} not of shape [0] without weights; write it again, nominal or full.");
        if (module.Bool(Slots.ModuleState.HasExternalData) && !hasDataFile)
            findings.Add($"{File} says that its weights are in {File}{CheckpointReader.ExternalDataSuffix}, and there is no such file; put it back beside it.");
        return findings;
    }

    private static string Name(FlatTable tensor) => tensor.Text(Slots.Tensor.Name);

    private static bool IsThere(FlatTable table, int slot) => table.Vector(slot).Start != 0;

    private static bool IsNominal(FlatTable tensor) => tensor.Longs(Slots.Tensor.Dims) is [0] && tensor.Vector(Slots.Tensor.RawData).Length == 0;
}
