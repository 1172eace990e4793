using Google.FlatBuffers;
using OnnxFineTune.Surgery;
using Slots = OnnxFineTune.Training.CheckpointSlots;

namespace OnnxFineTune.Training.Tests;

/// <summary>What only the bytes of a checkpoint show: fields that are absent, and contents that are not what a flag says.</summary>
[TestClass]
public sealed class CheckpointLayoutTests
{
    private static readonly TensorData Weight = TensorData.FromFloats([1, 2], 2);

    [TestMethod]
    public void AWholeFileHasNoFindings() => Assert.IsEmpty(Check(Content()));

    [TestMethod]
    public void ParametersAreNeeded() => StringAssert.Contains(Check(Content(hasModule: false)).Single(), "no parameters at all");

    [TestMethod]
    public void BothListsAreNeeded()
    {
        StringAssert.Contains(Check(Content(hasTrainable: false)).Single(), "no list requires_grad_params");
        StringAssert.Contains(Check(Content(hasFrozen: false)).Single(), "no list frozen_params");
    }

    [TestMethod]
    public void DimensionsAreNeededOfScalarsToo() => StringAssert.Contains(Check(Content(hasDims: false)).Single(), "no dimensions for 'w'");

    [TestMethod]
    public void ANominalFileHasNoWeights() => StringAssert.Contains(Check(Content(isNominal: true)).Single(), "nominal, but 'w' is not of shape [0]");

    [TestMethod]
    public void TheFileOfWeightsIsNeeded()
    {
        byte[] bytes = Content(hasExternalData: true);
        StringAssert.Contains(CheckpointLayoutCheck.Check(bytes, hasDataFile: false).Single(), "checkpoint.data");
        Assert.IsEmpty(CheckpointLayoutCheck.Check(bytes, hasDataFile: true));
    }

    private static IEnumerable<string> Check(byte[] bytes) => CheckpointLayoutCheck.Check(bytes, hasDataFile: false);

    /// <summary>A checkpoint of one trainable parameter w, a float32 [2], or with something left out.</summary>
    private static byte[] Content(bool hasModule = true, bool hasTrainable = true, bool hasFrozen = true, bool hasDims = true, bool isNominal = false, bool hasExternalData = false)
    {
        FlatBufferBuilder b = new(256);
        int trainable = Vector(b, Tensor(b, hasDims)), frozen = Vector(b);
        b.StartTable(Slots.ModuleState.Count);
        AddOffset(b, Slots.ModuleState.Trainable, hasTrainable ? trainable : 0);
        AddOffset(b, Slots.ModuleState.Frozen, hasFrozen ? frozen : 0);
        b.AddBool(Slots.ModuleState.IsNominal, isNominal, false);
        b.AddBool(Slots.ModuleState.HasExternalData, hasExternalData, false);
        int module = b.EndTable();
        b.StartTable(Slots.Checkpoint.Count);
        b.AddInt(Slots.Checkpoint.Version, Slots.Version, 0);
        AddOffset(b, Slots.Checkpoint.ModuleState, hasModule ? module : 0);
        b.Finish(b.EndTable(), Slots.Identifier);
        byte[] bytes = b.SizedByteArray();
        if (hasDims)
            Checkpoint.Parse(bytes);        // the reader takes it
        return bytes;
    }

    private static int Tensor(FlatBufferBuilder b, bool hasDims)
    {
        int name = b.CreateString("w").Value;
        b.StartVector(8, 1, 8);
        b.AddLong(2);
        int dims = b.EndVector().Value;
        b.StartVector(1, 8, 4);
        foreach (byte value in Weight.Bytes.ToArray().Reverse())
            b.AddByte(value);
        int data = b.EndVector().Value;
        b.StartTable(Slots.Tensor.Count);
        AddOffset(b, Slots.Tensor.Name, name);
        AddOffset(b, Slots.Tensor.Dims, hasDims ? dims : 0);
        b.AddInt(Slots.Tensor.DataType, (int)ElementType.Float, 0);
        AddOffset(b, Slots.Tensor.RawData, data);
        return b.EndTable();
    }

    private static int Vector(FlatBufferBuilder b, params int[] tables)
    {
        b.StartVector(4, tables.Length, 4);
        foreach (int table in tables)
            b.AddOffset(table);
        return b.EndVector().Value;
    }

    private static void AddOffset(FlatBufferBuilder b, int slot, int offset)
    {
        if (offset != 0)
            b.AddOffset(slot, offset, 0);
    }
}
