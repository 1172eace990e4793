using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class ConvertFloat16Tests
{
    [TestMethod]
    [DataRow(ElementType.Float16), DataRow(ElementType.BFloat16)]
    public void EverythingIsComputedInFloat32(ElementType type)
    {
        Model model = HalfModels.MatMul(type);
        ConvertFloat16.Run(model);
        ConvertBFloat16.Run(model);
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats([1, 2, 3, -1, 0.001f, 1], 2, 3) };
        IReadOnlyDictionary<string, TensorData> outputs = RuntimeSession.RunOnce(model, feeds);
        float[] expected = [0, 3.75f, 0, 2.75075f];                          // relu(x·w + 0.5); 2.75075 has no half-precision number
        CollectionAssert.AreEqual(expected, outputs["y"].ToFloats());
        CollectionAssert.AreEqual(Array.ConvertAll(expected, v => v / 2), outputs["z"].ToFloats());
        Assert.IsFalse(model.Graph.Nodes.Any(n => n.OpType == "Cast"));
        Assert.IsTrue(model.Graph.Values.All(v => v.ElementType is ElementType.Float or ElementType.Int64 or ElementType.Undefined));
    }

    [TestMethod]
    public void SqueezeNetInHalfPrecisionGivesTheOutputsOfItsFloat32Twin()
    {
        string half = Present.Shared("data/models/squeezenet_fp16.onnx"), single = Present.Shared("data/models/squeezenet_fp32.onnx");
        TensorData image = TensorData.FromFloats([.. Enumerable.Range(0, 3 * 224 * 224).Select(i => MathF.Sin(i * 0.37f) * 100)], 1, 3, 224, 224);
        float[] expected = Run(Model.Load(single), image);
        Model model = Model.Load(half);
        ConvertFloat16.Run(model);
        float[] actual = Run(model, image);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 0.002f, $"class {i}");
        Assert.AreEqual(Array.IndexOf(expected, expected.Max()), Array.IndexOf(actual, actual.Max()));
    }

    private static float[] Run(Model model, TensorData image) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [model.Graph.FeedInputs.Single().Name] = image }).Values.Single().ToFloats();
}
