using Google.FlatBuffers;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Checkpoints as other tools write them, and damaged ones.</summary>
[TestClass]
public sealed class ForeignCheckpointTests
{
    private static readonly Checkpoint Sound = new()
    {
        Trainable = new Dictionary<string, TensorData> { ["w"] = TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3) },
        Frozen = new Dictionary<string, TensorData> { ["b"] = TensorData.FromFloats([7, 8], 2) },
        OptimizerGroups = [new OptimizerGroup { Step = 3, Moments = new Dictionary<string, IReadOnlyDictionary<string, TensorData>> { ["w"] = new Dictionary<string, TensorData> { ["momentum0"] = TensorData.Scalar(1f) } } }],
        Properties = new PropertyBag { Strings = new Dictionary<string, string> { ["a"] = "b" } },
    };

    [TestMethod]
    public void WeightsInAFileOfTheirOwnAreFound()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint");
        File.WriteAllBytes(path, External(offset: 8, 2, 3));
        TrainingException missing = Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Read(path));
        StringAssert.Contains(missing.Message, "no such file");
        float[] values = [9, 9, 1, 2, 3, 4, 5, 6];
        File.WriteAllBytes(path + ".data", [.. values.SelectMany(BitConverter.GetBytes)]);
        Checkpoint read = Checkpoint.Read(path);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6 }, read.Trainable["w"].ToFloats());
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6 }, Checkpoint.Parse(read.ToBytes()).Trainable["w"].ToFloats(), "written into one file");
        File.WriteAllBytes(path + ".data", new byte[31]);
        TrainingException cut = Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Read(path));
        StringAssert.Contains(cut.Message, "was cut off");
        File.WriteAllBytes(path + ".data", []);
        cut = Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Read(path));
        StringAssert.Contains(cut.Message, "was cut off");
        TrainingException memory = Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(File.ReadAllBytes(path)));
        StringAssert.Contains(memory.Message, "second file");
    }

    [TestMethod]
    public void AbsentVectorsAreEmpty()
    {
        Checkpoint read = Checkpoint.Parse(Content(b => Table(b, 4, () => { })));
        Assert.IsEmpty(read.Trainable);
        Assert.IsEmpty(read.Frozen);
        Checkpoint none = Checkpoint.Parse(Content(_ => 0));
        Assert.IsEmpty(none.Trainable);
    }

    [TestMethod]
    public void AnotherVersionIsRefused()
    {
        foreach (int version in new[] { 0, 1, 3 })
            StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(Content(_ => 0, version))).Message, $"version {version}");
    }

    [TestMethod]
    public void WhatIsNoCheckpointIsRefused()
    {
        using TemporaryFolder folder = new();
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse([])).Message, "empty");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(new byte[100])).Message, "ODTC");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Read(folder.File("none"))).Message, "There is no checkpoint file");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Read(folder.Path)).Message, "is a folder");
    }

    [TestMethod]
    public void ATensorOfTheWrongSizeIsRefused()
    {
        Checkpoint wrong = Sound with { Trainable = new Dictionary<string, TensorData> { ["w"] = TensorData.FromFloats([1, 2], 2) } };
        byte[] bytes = wrong.ToBytes();
        int two = bytes.AsSpan().IndexOf(BitConverter.GetBytes(2L));      // the first dimension
        foreach (long size in new[] { 3, -1, long.MaxValue })
        {
            BitConverter.GetBytes(size).CopyTo(bytes, two);
            StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(bytes)).Message, "damaged tensor");
        }
    }

    [TestMethod]
    public void ACheckpointCutOffAnywhereIsRefused()
    {
        byte[] bytes = Sound.ToBytes();
        const int padding = 3;      // at the end, at most, where nothing is lost
        for (int length = 0; length < bytes.Length - padding; length++)
        {
            byte[] cut = bytes[..length];
            Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(cut), $"{length} of {bytes.Length} bytes");
        }
    }

    [TestMethod]
    public void DamageBehindALargeTensorIsSeen()
    {
        TensorData large = TensorData.FromFloats(new float[50_000], 50_000), small = TensorData.FromFloats([1, 2], 2);
        byte[] bytes = new Checkpoint { Trainable = new OrderedDictionary<string, TensorData> { ["first"] = small, ["large"] = large, ["last"] = small } }.ToBytes();
        Assert.HasCount(3, Checkpoint.Parse(bytes).Trainable);
        int name = bytes.AsSpan().IndexOf("first"u8);
        Assert.IsGreaterThan(200_000, name, "the first tensor is written behind the large one");
        BitConverter.GetBytes(uint.MaxValue).CopyTo(bytes, name - 4);      // the length of the name
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => Checkpoint.Parse(bytes)).Message, "damaged");
    }

    [TestMethod]
    public void ADamagedByteNeverDoesMoreThanAnError()
    {
        byte[] bytes = (Sound with { Frozen = new Dictionary<string, TensorData> { ["b"] = TensorData.FromFloats(new float[9000], 9000) } }).ToBytes();      // offsets over 32767 lie inside
        int refused = 0, structure = bytes.AsSpan().IndexOf(new byte[1000]);
        for (int i = 0; i < bytes.Length; i = i == structure ? i + 36_000 : i + 1)
            foreach (byte damage in new byte[] { 1, 0x80, 0xFF })
            {
                byte[] damaged = [.. bytes];
                damaged[i] ^= damage;
                try
                {
                    Checkpoint.Parse(damaged);
                }
                catch (TrainingException)
                {
                    refused++;
                }
            }
        Assert.IsGreaterThan(bytes.Length - 36_000, refused, "most bytes but the weights are offsets and lengths");
    }

    /// <summary>A checkpoint of one trainable parameter <c>w</c> whose elements lie in the file beside it.</summary>
    private static byte[] External(long offset, params long[] dims) => Content(b =>
    {
        int name = b.CreateString("w").Value;
        b.StartVector(8, dims.Length, 8);
        foreach (long d in dims.Reverse())
            b.AddLong(d);
        int shape = b.EndVector().Value;
        int tensor = Table(b, 7, () =>
        {
            b.AddOffset(0, name, 0);
            b.AddOffset(2, shape, 0);
            b.AddInt(3, 1, 0);
            b.AddLong(6, offset, -1);
        });
        b.StartVector(4, 1, 4);
        b.AddOffset(tensor);
        int tensors = b.EndVector().Value;
        return Table(b, 4, () =>
        {
            b.AddOffset(0, tensors, 0);
            b.AddBool(3, true, false);
        });
    });

    private static byte[] Content(Func<FlatBufferBuilder, int> module, int version = 2)
    {
        FlatBufferBuilder b = new(256);
        int state = module(b);
        b.Finish(Table(b, 4, () =>
        {
            b.AddInt(0, version, 0);
            b.AddOffset(1, state, 0);
        }), "ODTC");
        return b.SizedByteArray();
    }

    private static int Table(FlatBufferBuilder b, int fields, Action add)
    {
        b.StartTable(fields);
        add();
        return b.EndTable();
    }
}
