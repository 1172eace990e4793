using Google.Protobuf;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class BadFileTests
{
    private static readonly (string Name, byte[] Content, string Expected)[] Cases =
    [
        ("empty", [], "is empty"),
        ("jpeg", [0xff, 0xd8, 0xff, 0xe0, 0, 0x10, .. "JFIF"u8], "is a JPEG picture"),
        ("png", [0x89, .. "PNG\r\n\x1a\n"u8], "is a PNG picture"),
        ("webp", [.. "RIFF\x10\0\0\0WEBPVP8 "u8], "is a WebP picture"),
        ("pytorch", [.. "PK\x03\x04\0\0\x08\x08"u8, .. new byte[40]], "export it to ONNX first"),
        ("pickle", [0x80, 0x02, 0x8a, 0x0a, .. new byte[40]], "is a Python pickle"),
        ("keras", [0x89, .. "HDF\r\n\x1a\n"u8], "is an HDF5 file"),
        ("safetensors", [0x10, 0, 0, 0, 0, 0, 0, 0, .. "{\"w\":{\"dtype\":\"F32\"}}"u8], "is a safetensors file"),
        ("tflite", [0x1c, 0, 0, 0, .. "TFL3"u8, .. new byte[20]], "is a TensorFlow Lite model"),
        ("ort", [0x1c, 0, 0, 0, .. "ORTM"u8, .. new byte[20]], "ONNX Runtime's own format"),
        ("gzip", [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0], "compressed with gzip"),
        ("lfs", [.. "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"u8], "git lfs pull"),
        ("html", [.. "<!DOCTYPE html><html></html>"u8], "is a web page"),
        ("text", [.. "Dear model,\nplease train.\n"u8], "is a text file"),
        ("noise", [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * i * 31 + 7))], "is no ONNX model or was cut off"),
        ("nograph", [0x08, 0x08, 0x12, 0x01, (byte)'x'], "holds no graph"),
    ];

    public static IEnumerable<object[]> Rows => Cases.Select(c => new object[] { c.Name, c.Content, c.Expected });

    [TestMethod, DynamicData(nameof(Rows))]
    public void OtherFilesAreNamedForWhatTheyAre(string name, byte[] content, string expected)
    {
        using TemporaryFolder folder = new();
        string path = folder.File(name + ".onnx");
        File.WriteAllBytes(path, content);
        string message = Assert.ThrowsExactly<GraphException>(() => Model.Load(path)).Message;
        StringAssert.Contains(message, expected);
        StringAssert.Contains(message, path);
        Assert.IsFalse(message.Contains('\n'), "one line");
    }

    [TestMethod]
    public void AMissingFileIsNamedWithItsNeighbours()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("resnet18.onnx"), [1]);
        string message = Assert.ThrowsExactly<GraphException>(() => Model.Load(folder.File("resnet81.onnx"))).Message;
        StringAssert.Contains(message, "There is no file");
        StringAssert.Contains(message, "'resnet18.onnx'");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Model.Load(folder.FullName)).Message, "is a folder");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Model.Load(folder.File("no/such/folder.onnx"))).Message, "There is no file");
    }

    /// <summary>Cut off anywhere, a file is refused, or it was cut where the rest is optional; nothing else may come out.</summary>
    [TestMethod]
    public void ATruncatedFileIsRefused()
    {
        byte[] whole = FullModel.Create().ToByteArray();
        int accepted = 0;
        for (int length = 1; length < whole.Length; length += 7)
            try
            {
                Model.Parse(whole.AsMemory(0, length)).ToBytes();
                accepted++;
            }
            catch (GraphException e)
            {
                Assert.IsFalse(e.Message.Contains('\n'));
            }
        Assert.IsLessThan(20, accepted);
    }

    /// <summary>Whatever bytes change, the answer is a model or a GraphException.</summary>
    [TestMethod]
    public void ADamagedFileNeverCrashes()
    {
        byte[] whole = FullModel.Create().ToByteArray();
        Random random = new(1);
        for (int round = 0; round < 1000; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                Model model = Model.Parse(damaged);
                model.ToBytes();
                foreach (Value value in model.Graph.Initializers)
                    _ = value.Data is { ElementType: not ElementType.String } data ? data.Bytes.Length : 0;
            }
            catch (GraphException)
            {
            }
        }
    }

    [TestMethod]
    public void ANodeThatReadsNothingKnownIsNamed()
    {
        Model model = SmallModel.Create();
        byte[] bytes = model.ToBytes();
        int at = bytes.AsSpan().IndexOf("\x0a\x01x\x0a\x01w"u8);
        bytes[at + 2] = (byte)'q';
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Model.Parse(bytes)).Message, "Input 'q' of MatMul 'product' is computed by no node");
    }
}
