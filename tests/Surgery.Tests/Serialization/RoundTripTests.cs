using Google.Protobuf;

using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class RoundTripTests
{
    /// <summary>Messages are compared with nothing normalised: presence of fields, order and unknown fields included.</summary>
    [TestMethod]
    public void EveryFieldSurvives()
    {
        ModelProto expected = FullModel.Create();
        byte[] bytes = expected.ToByteArray();
        Model model = Model.Parse(bytes);
        MessageAssert.AreEqual(expected, ModelProto.Parser.ParseFrom(model.ToBytes()));
        MessageAssert.AreEqual(expected, ModelProto.Parser.ParseFrom(model.Clone().ToBytes()));
        CollectionAssert.AreEqual(bytes, Model.Parse(model.ToBytes()).ToBytes(), "not even the bytes differ");
    }

    [TestMethod]
    public void NoPlaceholderReachesASavedModel()
    {
        byte[] saved = Model.Parse(FullModel.Create().ToByteArray()).ToBytes();
        byte[] tag = new TensorProto { Placeholder = new ElementsPlaceholder() }.ToByteArray()[..5];
        Assert.AreEqual(-1, saved.AsSpan().IndexOf(tag));
    }

    [TestMethod]
    public void LargeElementsAreSlicesOfTheSource()
    {
        byte[] bytes = FullModel.Create().ToByteArray();
        Model model = Model.Parse(bytes);
        TensorData weights = model.Graph.Get("w32").Data!;
        Assert.IsTrue(weights.Bytes.Span.SequenceEqual(FullModel.LargeBytes));
        Assert.IsTrue(bytes.AsSpan().Overlaps(weights.Bytes.Span), "raw_data was copied");
        Assert.IsTrue(bytes.AsSpan().Overlaps(model.Graph.Get("floats").Data!.Bytes.Span), "packed float_data was copied");
        Assert.IsTrue(bytes.AsSpan().Overlaps(model.Graph.Get("const").Producer!.Attributes.Tensor("value")!.Bytes.Span), "a Constant's tensor was copied");
        Assert.AreEqual(1f, model.Graph.Get("floats").Data!.ToFloats()[3]);
    }

    [TestMethod]
    public void EditsAreWrittenOverWhatWasRead()
    {
        Model model = Model.Parse(FullModel.Create().ToByteArray());
        model.Opset = 21;
        model.Metadata["b"] = "9";
        model.Metadata.Remove("a");
        model.Metadata["c"] = "new";
        model.ProducerName = "test";
        Value input = model.Graph.Get("x");
        model.Graph.Rename(input, "image");
        input.Shape = Shape.Of(8, 4);
        Node custom = model.Graph.Get("late").Producer!;
        custom.Attributes.Set("untyped_i", 5L);
        ModelProto saved = ModelProto.Parser.ParseFrom(model.ToBytes());
        CollectionAssert.AreEqual(new[] { 21L, 21L, 1L }, saved.OpsetImport.Select(o => o.Version).ToArray());
        CollectionAssert.AreEqual(new[] { "b=9", "b=9", "c=new" }, saved.MetadataProps.Select(e => $"{e.Key}={e.Value}").ToArray());
        Assert.AreEqual("test", saved.ProducerName);
        Assert.AreEqual("image", saved.Graph.Input[0].Name);
        Assert.AreEqual(8, saved.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue);
        Assert.AreEqual("DATA_BATCH", saved.Graph.Input[0].Type.TensorType.Shape.Dim[0].Denotation);
        Assert.AreEqual("image", saved.Graph.Output[1].Name);
        Assert.AreEqual("image", saved.Graph.Node[1].Input[0]);
        AttributeProto edited = saved.Graph.Node[0].Attribute[1];
        Assert.AreEqual(5, edited.I);
        Assert.AreEqual(AttributeProto.Types.AttributeType.Int, edited.Type);
    }

    /// <summary>Groups are an old encoding that protobuf still allows in unknown fields.</summary>
    [TestMethod]
    public void UnknownGroupsSurvive()
    {
        byte[] group = [0xc3, 0x3e, 0x08, 0x01, 0x13, 0x14, 0xc4, 0x3e];      // field 1000: a varint and a nested, empty group
        byte[] bytes = [.. new Model(new Graph()) { Opset = 17 }.ToBytes(), .. group];
        Assert.IsGreaterThanOrEqualTo(0, Model.Parse(bytes).ToBytes().AsSpan().IndexOf(group));
    }

    [TestMethod]
    public void SqueezeNetPredictsTheSameAfterARoundTrip()
    {
        string path = Present.Shared("data/models/squeezenet_fp32.onnx");
        Model model = Model.Load(path);
        float[] pixels = [.. Enumerable.Range(0, 3 * 224 * 224).Select(i => MathF.Sin(i) * 100)];
        Dictionary<string, TensorData> feeds = new() { ["data_0"] = TensorData.FromFloats(pixels, 1, 3, 224, 224) };
        float[] expected = RuntimeSession.RunOnce(model, feeds)["softmaxout_1"].ToFloats();
        float[] actual = RuntimeSession.RunOnce(Model.Parse(model.Clone().ToBytes()), feeds)["softmaxout_1"].ToFloats();
        CollectionAssert.AreEqual(expected, actual);
        Assert.AreEqual(1, expected.Sum(), 1e-4);
    }
}
