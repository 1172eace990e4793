using Google.FlatBuffers;
using Slots = OnnxFineTune.Training.CheckpointSlots;

namespace OnnxFineTune.Training;

/// <summary>Checks that every offset of a checkpoint file lies within it, as the runtime does before it reads one.</summary>
internal static class CheckpointVerifier
{
    private const int MaxDepth = 64, MaxTables = 1_000_000;      // the limits of the C++ verifier

    /// <summary>Whether the file is sound; its identifier is checked, its version is not.</summary>
    public static bool IsSound(ByteBuffer buffer)
    {
        try
        {
            return new Verifier(buffer, new Options(MaxDepth, MaxTables, true, true)).VerifyBuffer(Slots.Identifier, false, Checkpoint);
        }
        catch (Exception e) when (e is OverflowException or ArgumentException or IndexOutOfRangeException)
        {
            return false;      // the verifier computes with the offsets that it finds before it doubts them
        }
    }

    private static bool Checkpoint(Verifier v, uint table) => v.VerifyTableStart(table)
        && Scalar(v, table, Slots.Checkpoint.Version, 4)
        && v.VerifyTable(table, Offset(Slots.Checkpoint.ModuleState), ModuleState, false)
        && v.VerifyVectorOfTables(table, Offset(Slots.Checkpoint.OptimizerGroups), OptimizerGroup, false)
        && v.VerifyTable(table, Offset(Slots.Checkpoint.PropertyBag), PropertyBag, false)
        && v.VerifyTableEnd(table);

    private static bool ModuleState(Verifier v, uint table) => v.VerifyTableStart(table)
        && v.VerifyVectorOfTables(table, Offset(Slots.ModuleState.Trainable), Tensor, false)
        && v.VerifyVectorOfTables(table, Offset(Slots.ModuleState.Frozen), Tensor, false)
        && Scalar(v, table, Slots.ModuleState.IsNominal, 1)
        && Scalar(v, table, Slots.ModuleState.HasExternalData, 1)
        && v.VerifyTableEnd(table);

    private static bool Tensor(Verifier v, uint table) => v.VerifyTableStart(table)
        && v.VerifyString(table, Offset(Slots.Tensor.Name), false)
        && v.VerifyString(table, Offset(Slots.Tensor.DocString), false)
        && v.VerifyVectorOfData(table, Offset(Slots.Tensor.Dims), sizeof(long), false)
        && Scalar(v, table, Slots.Tensor.DataType, 4)
        && v.VerifyVectorOfData(table, Offset(Slots.Tensor.RawData), 1, false)
        && v.VerifyVectorOfStrings(table, Offset(Slots.Tensor.StringData), false)
        && Scalar(v, table, Slots.Tensor.ExternalDataOffset, 8)
        && v.VerifyTableEnd(table);

    private static bool OptimizerGroup(Verifier v, uint table) => v.VerifyTableStart(table)
        && v.VerifyString(table, Offset(Slots.OptimizerGroup.Name), false)
        && Scalar(v, table, Slots.OptimizerGroup.Step, 8)
        && Scalar(v, table, Slots.OptimizerGroup.InitialLearningRate, 4)
        && v.VerifyVectorOfTables(table, Offset(Slots.OptimizerGroup.States), ParameterState, false)
        && v.VerifyTableEnd(table);

    private static bool ParameterState(Verifier v, uint table) => v.VerifyTableStart(table)
        && v.VerifyString(table, Offset(Slots.ParameterState.Name), false)
        && v.VerifyVectorOfTables(table, Offset(Slots.ParameterState.Moments), Tensor, false)
        && v.VerifyTableEnd(table);

    private static bool PropertyBag(Verifier v, uint table) => v.VerifyTableStart(table)
        && v.VerifyVectorOfTables(table, Offset(Slots.PropertyBag.Ints), (w, t) => Property(w, t, Scalar(w, t, Slots.Property.Value, 8)), false)
        && v.VerifyVectorOfTables(table, Offset(Slots.PropertyBag.Floats), (w, t) => Property(w, t, Scalar(w, t, Slots.Property.Value, 4)), false)
        && v.VerifyVectorOfTables(table, Offset(Slots.PropertyBag.Strings), (w, t) => Property(w, t, w.VerifyString(t, Offset(Slots.Property.Value), false)), false)
        && v.VerifyTableEnd(table);

    private static bool Property(Verifier v, uint table, bool value) => v.VerifyTableStart(table)
        && v.VerifyString(table, Offset(Slots.Property.Name), false) && value && v.VerifyTableEnd(table);

    private static bool Scalar(Verifier v, uint table, int slot, ulong size) => v.VerifyField(table, Offset(slot), size, size, false);

    private static short Offset(int slot) => FlatTable.VTableOffset(slot);
}
