using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class DynamicBatchTests
{
    public static IEnumerable<object[]> Rows =>
    [
        ["convolution, batch 1", StaticBatchModels.Convolution(1)],
        ["convolution, batch 2", StaticBatchModels.Convolution(2)],
        ["attention, batch 1", StaticBatchModels.Attention(1)],
        ["attention, batch 2", StaticBatchModels.Attention(2)],
    ];

    [TestMethod, DynamicData(nameof(Rows))]
    public void EachRowIsWhatItsImageGaveAlone(string name, Model original)
    {
        Model model = original.Clone();
        InferShapes.Run(model);
        Assert.IsTrue(DynamicBatch.Run(model), name);
        Assert.AreEqual("[batch, 3, 4, 4]", model.Graph.Get("image").Shape!.ToString());
        Assert.AreEqual("[batch, 5]", model.Graph.Get("y").Shape!.ToString());
        long batch = original.Graph.Get("image").Shape![0].Value!.Value;
        float[] images = [.. Enumerable.Range(0, 3 * 48 * (int)batch).Select(i => MathF.Cos(i * i * 0.1f))];
        float[] together = Run(model, images, 3 * batch);
        for (int i = 0; i < 3; i++)
        {
            float[] alone = Run(original, [.. images.Chunk(48 * (int)batch).ElementAt(i)], batch);
            float[] row = [.. together.Chunk(5 * (int)batch).ElementAt(i)];
            for (int c = 0; c < alone.Length; c++)
                Assert.AreEqual(alone[c], row[c], 1e-5f, $"image {i}, class {c}");
        }
    }

    [TestMethod]
    public void WhereNoBatchCanBeFreedTheModelStays()
    {
        Model model = StaticBatchModels.SingleImage();
        InferShapes.Run(model);
        byte[] before = model.ToBytes();
        Assert.IsFalse(DynamicBatch.Run(model));
        CollectionAssert.AreEqual(before, model.ToBytes());
    }

    private static float[] Run(Model model, float[] images, long batch) => RuntimeSession.RunOnce(model, new Dictionary<string, TensorData>
    {
        ["image"] = TensorData.FromFloats(images, batch, 3, 4, 4),
    })["y"].ToFloats();
}
