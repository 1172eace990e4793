using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery.Tests.Serialization;

namespace OnnxFineTune.Surgery.Tests.Runtime;

[TestClass]
public sealed class RuntimeSessionTests
{
    /// <summary>Large weights are handed over through a copy of the options: the caller's own stay free of them.</summary>
    [TestMethod]
    public void OptionsCanBeUsedAgain()
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using InferenceSession first = RuntimeSession.Open(SmallModel.Create(), options);
        using InferenceSession second = RuntimeSession.Open(SmallModel.Create(3), options);
        float[] once = Run(first), thrice = Run(second);
        CollectionAssert.AreEqual(Array.ConvertAll(once, v => 3 * v), thrice);
        Assert.AreNotEqual(0, once[0]);
    }

    /// <summary>A session reads mapped weights after its model is gone and the file deleted.</summary>
    [TestMethod]
    public void ASessionOutlivesItsModelAndItsFile()
    {
        using TemporaryFolder folder = new();
        SmallModel.Create().Save(folder.File("m.onnx"));
        using InferenceSession session = OpenAndForget(folder.File("m.onnx"));
        File.Delete(folder.File("m.onnx"));
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        CollectionAssert.AreEqual(SmallModel.Run(SmallModel.Create()), Run(session));
    }

    /// <summary>Neither a copy of the weights in managed memory nor more of them than one message can hold.</summary>
    [TestMethod]
    public void OpeningCopiesNoWeights()
    {
        Model model = SmallModel.Create();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using InferenceSession session = RuntimeSession.Open(model);
        Assert.IsLessThan(model.Graph.Get("w").Data!.ByteLength / 4, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Files of IR version 3 list initializers as inputs too.</summary>
    [TestMethod]
    public void WeightsMayBeInputsToo()
    {
        Model model = SmallModel.Create();
        model.IrVersion = 3;
        model.Opset = 8;
        foreach (Value initializer in model.Graph.Initializers)
            model.Graph.AddInput(initializer);
        CollectionAssert.AreEqual(SmallModel.Run(SmallModel.Create()), SmallModel.Run(model));
    }

    [TestMethod]
    public void ARefusedModelIsAClearError()
    {
        Model model = SmallModel.Create();
        model.Graph.Nodes[0].OpType = "NoSuchOperator";
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => RuntimeSession.Open(model)).Message, "NoSuchOperator");
    }

    private static InferenceSession OpenAndForget(string path) => RuntimeSession.Open(Model.Load(path));

    private static float[] Run(InferenceSession session)
    {
        float[] input = [.. Enumerable.Range(0, SmallModel.Rows).Select(i => i % 5f)];
        using OrtValue x = TensorData.FromFloats(input, 1, SmallModel.Rows).ToOrtValue();
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["x"], [x], ["y"]);
        return outputs[0].ToTensorData().ToFloats();
    }
}
