using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class ExternalDataTests
{
    private static readonly SaveOptions Always = new() { ExternalData = ExternalData.Always };

    [TestMethod]
    public void WeightsGoToAFileOfTheirOwnAndBack()
    {
        using TemporaryFolder folder = new(), other = new();
        Model model = SmallModel.Create();
        model.Save(folder.File("m.onnx"), Always);
        CollectionAssert.AreEquivalent(new[] { "m.onnx", "m.onnx.data" }, Names(folder));
        Assert.IsLessThan(2000, new FileInfo(folder.File("m.onnx")).Length);

        Model loaded = Model.Load(folder.File("m.onnx"));
        loaded.Save(other.File("copy.onnx"));
        CollectionAssert.AreEquivalent(new[] { "copy.onnx" }, Names(other), "under 2 GB everything is in one file");
        CollectionAssert.AreEqual(model.ToBytes(), File.ReadAllBytes(other.File("copy.onnx")));
        CollectionAssert.AreEqual(SmallModel.Run(model), SmallModel.Run(loaded));
        using Microsoft.ML.OnnxRuntime.InferenceSession session = new(folder.File("m.onnx"));
        Assert.AreEqual("y", session.OutputNames.Single(), "ONNX Runtime reads the files");
    }

    [TestMethod]
    public void AModelOverTheLimitGoesExternalByItself()
    {
        using TemporaryFolder folder = new();
        Model model = SmallModel.Create();
        model.Save(folder.File("m.onnx"), new SaveOptions { InlineLimit = 1 << 20 });
        Assert.IsTrue(File.Exists(folder.File("m.onnx.data")));
        CollectionAssert.AreEqual(model.ToBytes(), Model.Load(folder.File("m.onnx")).ToBytes());
        StringAssert.Contains(
            Assert.ThrowsExactly<GraphException>(() => model.Save(folder.File("n.onnx"), new SaveOptions { InlineLimit = 1 << 20, ExternalData = ExternalData.Never })).Message,
            "save it with external data");
        Assert.IsFalse(File.Exists(folder.File("n.onnx")));
    }

    /// <summary>Saving over the files that the model is read from, data file included.</summary>
    [TestMethod]
    public void ItsOwnDataFileCanBeReplaced()
    {
        using TemporaryFolder folder = new();
        SmallModel.Create().Save(folder.File("m.onnx"), Always);
        Model model = Model.Load(folder.File("m.onnx"));
        byte[] before = model.ToBytes();
        model.Save(folder.File("m.onnx"), Always);
        CollectionAssert.AreEqual(before, Model.Load(folder.File("m.onnx")).ToBytes());
        CollectionAssert.AreEqual(before, model.ToBytes(), "the loaded model still reads what it had");
    }

    [TestMethod]
    public void LargeTensorsAreAlignedForMapping()
    {
        using TemporaryFolder folder = new();
        SmallModel.Create().Save(folder.File("m.onnx"), Always with { ExternalThreshold = 1 });
        ModelProto proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("m.onnx")));
        foreach (TensorProto tensor in proto.Graph.Initializer)
        {
            Dictionary<string, string> entries = tensor.ExternalData.ToDictionary(e => e.Key, e => e.Value);
            long alignment = long.Parse(entries["length"]) >= 1 << 20 ? 65536 : 64;
            Assert.AreEqual(0, long.Parse(entries["offset"]) % alignment, tensor.Name);
            Assert.AreEqual("m.onnx.data", entries["location"]);
        }
    }

    /// <summary>More than 2 GB, on a file with holes: the size is computed and the elements are read, nothing is written.</summary>
    [TestMethod]
    public void TensorsOverTwoGigabytesAreRead()
    {
        using TemporaryFolder folder = new();
        const long length = 5L << 30;
        using (FileStream data = File.Create(folder.File("d")))
        {
            data.SetLength(length);
            data.Position = length - 4;
            data.Write([1, 2, 3, 4]);
        }
        File.WriteAllBytes(folder.File("m.onnx"), Referring("d", "0", length).ToByteArray());
        Model model = Model.Load(folder.File("m.onnx"));
        TensorData tensor = model.Graph.Get("t").Data!;
        Assert.AreEqual(length, tensor.ByteLength);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3, 4 }, tensor.Storage.GetPieces(tensor).Last().Span[^4..].ToArray());
        Assert.IsGreaterThan(length, SerializedModel.Of(model).Length);
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => tensor.Bytes).Message, "more than");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(model.ToBytes).Message, "save it to a file");
    }

    [TestMethod]
    [DataRow("missing.bin", "0", "is missing in")]
    [DataRow("short.bin", "0", "is too short")]
    [DataRow("data.bin", "4096", "is too short")]
    [DataRow("empty.bin", "0", "is empty")]
    [DataRow("../outside.bin", "0", "outside the model's folder")]
    [DataRow("sub/../../outside.bin", "0", "outside the model's folder")]
    [DataRow("/etc/hostname", "0", "outside the model's folder")]
    [DataRow(".", "0", "outside the model's folder")]
    [DataRow("data.bin", "-4", "no number")]
    [DataRow("data.bin", "99999999999999999999", "no number")]
    [DataRow("data.bin", "9223372036854775807", "is too short")]
    public void BadReferencesAreNamed(string location, string offset, string expected)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("data.bin"), new byte[4096]);
        File.WriteAllBytes(folder.File("short.bin"), new byte[10]);
        File.WriteAllBytes(folder.File("empty.bin"), []);
        File.WriteAllBytes(folder.File("m.onnx"), Referring(location, offset, 4096).ToByteArray());
        string message = Assert.ThrowsExactly<GraphException>(() => Model.Load(folder.File("m.onnx"))).Message;
        StringAssert.Contains(message, expected);
    }

    /// <summary>What is kept in wire format must not go on referring to a file that is elsewhere.</summary>
    [TestMethod]
    public void FunctionsTakeTheirExternalDataIn()
    {
        using TemporaryFolder folder = new();
        byte[] data = [.. Enumerable.Range(0, 4096).Select(i => (byte)i)];
        File.WriteAllBytes(folder.File("d"), data);
        ModelProto proto = Referring("d", "0", 4096);
        AttributeProto value = new() { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = proto.Graph.Initializer[0].Clone() };
        proto.Functions.Add(new FunctionProto { Name = "f", Node = { new NodeProto { OpType = "Constant", Output = { "c" }, Attribute = { value } } } });
        File.WriteAllBytes(folder.File("m.onnx"), proto.ToByteArray());
        TensorProto saved = ModelProto.Parser.ParseFrom(Model.Load(folder.File("m.onnx")).ToBytes()).Functions[0].Node[0].Attribute[0].T;
        CollectionAssert.AreEqual(data, saved.RawData.ToByteArray());
        Assert.IsEmpty(saved.ExternalData);
    }

    [TestMethod]
    public void AModelInMemoryHasNoFolder() => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => Model.Parse(Referring("d", "0", 4).ToByteArray())).Message, "load the model from its file");

    private static ModelProto Referring(string location, string offset, long length) => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 17 } },
        Graph = new GraphProto
        {
            Name = "g",
            Initializer =
            {
                new TensorProto
                {
                    Name = "t", DataType = 1, Dims = { length / 4 }, DataLocation = TensorProto.Types.DataLocation.External,
                    ExternalData = { Entry("location", location), Entry("offset", offset) },
                },
            },
        },
    };

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static string[] Names(TemporaryFolder folder) => [.. Directory.GetFiles(folder.FullName).Select(f => Path.GetFileName(f))];
}
