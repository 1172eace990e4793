using System.Diagnostics;
using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class LargeModelTests
{
    /// <summary>A model of 1 GB, whose weights are holes in the file: loading it must not read them.</summary>
    [TestMethod]
    public void LoadingOneGigabyteAllocatesLittle()
    {
        using TemporaryFolder folder = new();
        const int count = 64, length = 1 << 24;
        Graph graph = new();
        Value x = graph.AddInput("x", ElementType.Float, Shape.Of(length / 4));
        byte[] zeros = new byte[length];
        for (int i = 0; i < count; i++)
            x = graph.AddNode("Add", [x, graph.AddInitializer($"w{i}", TensorData.FromBytes(ElementType.Float, Shape.Of(length / 4), zeros))], [$"y{i}"]).Outputs[0]!;
        graph.AddOutput(x);
        WriteWithHoles(folder.File("m.onnx"), SerializedModel.Of(new Model(graph) { Opset = 17 }));

        Stopwatch watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Model model = Model.Load(folder.File("m.onnx"));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsLessThan(2L << 20, allocated, "bytes of managed memory");
        Assert.IsLessThan(1000, watch.ElapsedMilliseconds, "ms");
        Assert.AreEqual((long)count * length, model.Graph.Initializers.Sum(i => i.Data!.ByteLength));
        Assert.IsTrue(model.Graph.Get("w63").Data!.Bytes.Span.SequenceEqual(zeros));
    }

    private static void WriteWithHoles(string path, SerializedModel content)
    {
        using FileStream file = File.Create(path);
        foreach (ReadOnlyMemory<byte> piece in content.Pieces)
            if (piece.Length < 1 << 20)
                file.Write(piece.Span);
            else
                file.Seek(piece.Length, SeekOrigin.Current);
        file.SetLength(content.Length);
    }
}
