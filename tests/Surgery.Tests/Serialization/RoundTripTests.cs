using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class RoundTripTests
{
    [TestMethod]
    public void SqueezeNetPredictsTheSameAfterARoundTrip()
    {
        if (SharedFolder.Find("data/models/squeezenet_fp32.onnx") is not { } path)
        {
            Assert.Inconclusive("../shared is absent: there is no SqueezeNet to load.");
            return;
        }
        Model model = Model.Load(path);
        float[] pixels = [.. Enumerable.Range(0, 3 * 224 * 224).Select(i => MathF.Sin(i) * 100)];
        Dictionary<string, TensorData> feeds = new() { ["data_0"] = TensorData.FromFloats(pixels, 1, 3, 224, 224) };
        float[] expected = RuntimeSession.RunOnce(model, feeds)["softmaxout_1"].ToFloats();
        float[] actual = RuntimeSession.RunOnce(Model.Parse(model.Clone().ToBytes()), feeds)["softmaxout_1"].ToFloats();
        CollectionAssert.AreEqual(expected, actual);
        Assert.AreEqual(1, expected.Sum(), 1e-4);
    }
}
