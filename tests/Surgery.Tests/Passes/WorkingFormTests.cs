using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class WorkingFormTests
{
    public static IEnumerable<object[]> Rows =>
    [
        ["shape arithmetic", ShapeModels.ShapeArithmetic()],
        ["constants and identities", SpellingModels.ConstantsAndIdentities()],
        ["float16", HalfModels.MatMul(ElementType.Float16)],
        ["static convolution", StaticBatchModels.Convolution(2)],
        ["static attention", StaticBatchModels.Attention(1)],
    ];

    [TestMethod, DynamicData(nameof(Rows))]
    public void EveryValueHasTypeAndShapeAndASecondTimeChangesNothing(string name, Model original)
    {
        byte[] untouched = original.ToBytes();
        Model model = original.ToWorkingForm();
        CollectionAssert.AreEqual(untouched, original.ToBytes(), name);
        foreach (Value value in model.Graph.Values)
            Assert.IsTrue(value.Shape is not null && value.ElementType != ElementType.Undefined, $"{name}: {value}");
        CollectionAssert.AreEqual(model.ToBytes(), model.ToWorkingForm().ToBytes(), name);
    }

    [TestMethod]
    public void LargeWeightsAreNotRead()
    {
        Model model = new(new Graph()) { Opset = 12 };
        GraphBuilder b = new(model.Graph);
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(1, 3, 64, 64));
        Value y = b.Relu(b.Conv(x, b.Graph.AddInitializer("conv", Unreadable(512, 3, 3, 3))));
        y = b.Reshape(b.GlobalAveragePool(y), 1, -1);
        y = b.Gemm(b.Clip(y, null, b.Scalar(6)), b.Graph.AddInitializer("fc", Unreadable(4096, 512)), transB: true);
        y = b.MatMul(y, b.Transpose(b.Graph.AddInitializer("last", Unreadable(1000, 4096))));
        model.Graph.SetOutputs(b.Op("Softmax", [y]));
        Model working = model.ToWorkingForm();
        Assert.AreEqual("[batch, 1000]", working.Graph.Outputs[0].Shape!.ToString());
        Assert.AreEqual(GraphBuilder.WorkingOpset, working.Opset);
    }

    [TestMethod]
    [DataRow("squeezenet_fp32.onnx", 1e-5f), DataRow("squeezenet_fp16.onnx", 2e-3f)]
    public void SqueezeNetPredictsTheSameForEachImageOfABatch(string file, float tolerance)
    {
        string reference = Present.Shared("data/models/squeezenet_fp32.onnx"), path = Present.Shared("data/models/" + file);
        float[] images = [.. Enumerable.Range(0, 2 * 3 * 224 * 224).Select(i => MathF.Sin(i * 0.37f) * 100)];
        Model working = Model.Load(path).ToWorkingForm();
        Assert.AreEqual("[batch, 1000, 1, 1]", working.Graph.Outputs.Single().Shape!.ToString());
        Assert.IsFalse(working.Graph.Inputs.Any(v => v.IsInitializer));
        CollectionAssert.AreEqual(working.ToBytes(), working.ToWorkingForm().ToBytes(), "a second time changes nothing");
        float[] together = Predict(working, images, 2);
        for (int i = 0; i < 2; i++)
        {
            float[] alone = Predict(Model.Load(reference), images[(i * images.Length / 2)..((i + 1) * images.Length / 2)], 1);
            for (int c = 0; c < 1000; c++)
                Assert.AreEqual(alone[c], together[i * 1000 + c], tolerance, $"image {i}, class {c}");
        }
    }

    private static float[] Predict(Model model, float[] images, long batch) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [model.Graph.FeedInputs.Single().Name] = TensorData.FromFloats(images, batch, 3, 224, 224) })
            .Values.Single().ToFloats();

    private static TensorData Unreadable(params long[] shape) => new(ElementType.Float, Shape.Of(shape), new UnreadableStorage());
}
