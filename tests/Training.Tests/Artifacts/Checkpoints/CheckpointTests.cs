using System.Text;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class CheckpointTests
{
    private static readonly TensorData Weight = TensorData.FromFloats([1, -2.5f, 3, float.NaN, 0, 6], 2, 3), Scalar = TensorData.Scalar(0.25f);

    private static readonly Checkpoint Full = new()
    {
        Trainable = new OrderedDictionary<string, TensorData> { ["z.weight"] = Weight, ["a.scale"] = Scalar },
        Frozen = new OrderedDictionary<string, TensorData>
        {
            ["größe"] = TensorData.FromLongs([long.MinValue, 7], 2),
            ["half"] = TensorData.FromBytes(ElementType.Float16, Shape.Of(3), BitConverter.GetBytes(0x3C00_4000_4200L)[..6]),
            ["words"] = TensorData.FromStrings(["one", "zwei", ""], 3),
            ["empty"] = TensorData.FromFloats([], 0, 4),
        },
        OptimizerGroups =
        [
            new OptimizerGroup
            {
                Step = 41,
                InitialLearningRate = 0.02f,
                Moments = new OrderedDictionary<string, IReadOnlyDictionary<string, TensorData>>
                {
                    ["z.weight"] = new OrderedDictionary<string, TensorData> { ["momentum0"] = Weight, ["momentum1"] = Weight },
                    ["a.scale"] = new OrderedDictionary<string, TensorData> { ["momentum0"] = Scalar, ["momentum1"] = Scalar },
                },
            },
            new OptimizerGroup { Name = "another" },
        ],
        Properties = new PropertyBag
        {
            Ints = new Dictionary<string, long> { ["epoch"] = -3 },
            Floats = new Dictionary<string, float> { ["best"] = 0.75f },
            Strings = new Dictionary<string, string> { ["who"] = "Ünï", ["nothing"] = "" },
        },
    };

    [TestMethod]
    public void WhatIsWrittenIsReadAgain()
    {
        Checkpoint read = Checkpoint.Parse(Full.ToBytes());
        AreEqual(Full.Trainable, read.Trainable);
        AreEqual(Full.Frozen, read.Frozen);
        Assert.IsFalse(read.IsNominal);
        Assert.AreEqual(2, read.OptimizerGroups.Count);
        Assert.AreEqual(41, read.Optimizer!.Step);
        Assert.AreEqual(0.02f, read.Optimizer.InitialLearningRate);
        CollectionAssert.AreEqual(new[] { "z.weight", "a.scale" }, read.Optimizer.Moments.Keys.ToArray());
        AreEqual(Full.Optimizer!.Moments["z.weight"], read.Optimizer.Moments["z.weight"]);
        Assert.AreEqual("another", read.OptimizerGroups[1].Name);
        CollectionAssert.AreEqual(Full.Properties.Ints.ToArray(), read.Properties.Ints.ToArray());
        CollectionAssert.AreEqual(Full.Properties.Floats.ToArray(), read.Properties.Floats.ToArray());
        CollectionAssert.AreEqual(Full.Properties.Strings.ToArray(), read.Properties.Strings.ToArray());
        CollectionAssert.AreEqual(Full.ToBytes(), read.ToBytes(), "the same again");
    }

    [TestMethod]
    public void EverySlotIsWhereTheRuntimeLooks()
    {
        byte[] bytes = Full.ToBytes();
        Assert.AreEqual("ODTC", Encoding.ASCII.GetString(bytes, 4, 4));
        PlainFlatBuffer root = PlainFlatBuffer.Root(bytes);
        Assert.AreEqual(2, root.Int(0));
        PlainFlatBuffer module = root.Table(1);
        CollectionAssert.AreEqual(new[] { "z.weight", "a.scale" }, module.Tables(0).Select(t => t.Text(0)).ToArray());
        CollectionAssert.AreEqual(new[] { "größe", "half", "words", "empty" }, module.Tables(1).Select(t => t.Text(0)).ToArray());
        Assert.IsFalse(module.Has(2), "not nominal");
        Assert.IsFalse(module.Has(3), "no external data");
        PlainFlatBuffer weight = module.Tables(0)[0], scalar = module.Tables(0)[1];
        CollectionAssert.AreEqual(new long[] { 2, 3 }, weight.Longs(2));
        Assert.AreEqual(1, weight.Int(3));
        CollectionAssert.AreEqual(Weight.Bytes.ToArray(), weight.Bytes(4));
        Assert.IsFalse(weight.Has(6), "no external offset");
        Assert.IsEmpty(scalar.Longs(2), "the dimensions of a scalar are there, and none");
        Assert.AreEqual(7, module.Tables(1)[0].Int(3));
        Assert.AreEqual(3, module.Tables(1)[2].Tables(5).Length, "strings");

        PlainFlatBuffer group = root.Tables(2)[0];
        Assert.AreEqual("group0", group.Text(0));
        Assert.AreEqual(41, group.Long(1));
        Assert.AreEqual(0.02f, group.Float(2));
        PlainFlatBuffer state = group.Tables(3)[1];
        Assert.AreEqual("a.scale", state.Text(0));
        CollectionAssert.AreEqual(new[] { "momentum0", "momentum1" }, state.Tables(1).Select(t => t.Text(0)).ToArray());

        PlainFlatBuffer bag = root.Table(3);
        Assert.AreEqual(("epoch", -3L), (bag.Tables(0)[0].Text(0), bag.Tables(0)[0].Long(1)));
        Assert.AreEqual(("best", 0.75f), (bag.Tables(1)[0].Text(0), bag.Tables(1)[0].Float(1)));
        Assert.AreEqual(("who", "Ünï"), (bag.Tables(2)[0].Text(0), bag.Tables(2)[0].Text(1)));
    }

    [TestMethod]
    public void AFreshCheckpointHoldsParametersOnly()
    {
        PlainFlatBuffer root = PlainFlatBuffer.Root(new Checkpoint { Trainable = new Dictionary<string, TensorData> { ["w"] = Weight } }.ToBytes());
        Assert.IsFalse(root.Has(2), "no optimizer group");
        Assert.IsFalse(root.Has(3), "no properties");
        Assert.IsEmpty(root.Table(1).Tables(1), "the list of frozen parameters is there, and empty");
    }

    [TestMethod]
    public void ANominalCheckpointHoldsNames()
    {
        Checkpoint nominal = new() { Trainable = new Dictionary<string, TensorData> { ["w"] = TensorData.FromFloats([], 0) }, IsNominal = true };
        PlainFlatBuffer module = PlainFlatBuffer.Root(nominal.ToBytes()).Table(1);
        Assert.IsTrue(module.Bool(2));
        PlainFlatBuffer tensor = module.Tables(0)[0];
        Assert.AreEqual("w", tensor.Text(0));
        CollectionAssert.AreEqual(new long[] { 0 }, tensor.Longs(2));
        Assert.AreEqual(1, tensor.Int(3));
        Assert.IsEmpty(tensor.Bytes(4));
        Assert.IsTrue(Checkpoint.Parse(nominal.ToBytes()).IsNominal);
    }

    [TestMethod]
    public void AFileIsReplacedWhole()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint");
        Full.Write(path);
        (Full with { Properties = new PropertyBag() }).Write(path);
        Checkpoint read = Checkpoint.Read(path);
        Assert.AreEqual(0, read.Properties.Count);
        AreEqual(Full.Trainable, read.Trainable);
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => Full.Write(folder.File("missing/checkpoint")));
        StringAssert.Contains(e.Message, "cannot be written");
    }

    [TestMethod]
    public void OverTwoGigabytesAreRefusedBeforeAnythingIsWritten()
    {
        // One block of memory under 21 names.
        TensorData large = TensorData.FromBytes(ElementType.Float, Shape.Of(26_214_400), new byte[104_857_600]);
        Checkpoint checkpoint = new() { Trainable = Enumerable.Range(0, 21).ToDictionary(i => $"w{i}", _ => large) };
        using TemporaryFolder folder = new();
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => checkpoint.Write(folder.File("checkpoint")));
        StringAssert.Contains(e.Message, "2 GB");
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    private static void AreEqual(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual)
    {
        CollectionAssert.AreEqual(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach ((string name, TensorData data) in expected)
        {
            Assert.AreEqual((data.ElementType, data.Shape), (actual[name].ElementType, actual[name].Shape), name);
            if (data.ElementType == ElementType.String)
                CollectionAssert.AreEqual(data.ToStrings(), actual[name].ToStrings());
            else
                CollectionAssert.AreEqual(data.Bytes.ToArray(), actual[name].Bytes.ToArray(), name);
        }
    }
}
