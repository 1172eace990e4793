
namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class PretrainedEditTests
{
    [TestMethod]
    public void SqueezeNetsClassifierIsRecognised()
    {
        Classifier classifier = ClassifierFinder.Get(SqueezeNet().ToWorkingForm());
        Assert.AreEqual(ClassifierKind.Conv, classifier.Kind);
        Assert.AreEqual(1000, classifier.Classes);
        Assert.AreEqual("fire9/concat_1", classifier.Features.Name, "the value before the classifier's own dropout");
        Assert.AreEqual("[batch, 512, 13, 13]", classifier.Features.Shape!.ToString());
        CollectionAssert.AreEqual(new[] { "Conv", "Relu", "GlobalAveragePool", "Softmax" }, classifier.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(new[] { "conv10_w_0", "conv10_b_0" }, classifier.Parameters.Select(p => p.Name).ToArray());
    }

    [TestMethod]
    public void ANewHeadOnSqueezeNetRunsAndSharesItsWeights()
    {
        Model squeezeNet = SqueezeNet();
        int nodes = squeezeNet.Graph.Nodes.Count;
        Model model = squeezeNet.Edit().RemoveClassifier().Attach(new LinearHead(2) { Dropout = 0.2f }).Build();

        Assert.AreEqual(nodes, squeezeNet.Graph.Nodes.Count, "the original is untouched");
        CollectionAssert.AreEqual(new[] { "head.weight", "head.bias" }, model.HeadParameters.ToArray());
        foreach (Value kept in model.Graph.Initializers.Where(v => squeezeNet.Graph.Find(v.Name) is not null))
            Assert.AreSame(squeezeNet.Graph.Get(kept.Name).Data, kept.Data, kept.Name);
        Assert.IsNull(model.Graph.Find("conv10_w_0"));
        float[] pixels = [.. Enumerable.Range(0, 2 * 3 * 224 * 224).Select(i => MathF.Sin(i) * 100)];
        TensorData logits = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["data_0"] = TensorData.FromFloats(pixels, 2, 3, 224, 224) })["logits"];
        Assert.AreEqual("[2, 2]", logits.Shape.ToString());
    }

    [TestMethod, DataRow("fire5/concat_1"), DataRow("pool3_1"), DataRow("conv10_1")]
    public void FeaturesAreWhatTheOriginalComputes(string value)
    {
        Model original = SqueezeNet();
        Dictionary<string, TensorData> feeds = new()
        {
            ["data_0"] = TensorData.FromFloats([.. Enumerable.Range(0, 3 * 224 * 224).Select(i => MathF.Sin(i) * 100)], 1, 3, 224, 224),
        };
        float[] actual = RuntimeSession.RunOnce(original.Edit().CutAt(value).Build(), feeds)[value].ToFloats();
        original.Graph.SetOutputs(original.Graph.Get(value));
        CollectionAssert.AreEqual(RuntimeSession.RunOnce(original, feeds)[value].ToFloats(), actual);
    }

    [TestMethod]
    public void SqueezeNetInHalfPrecisionIsEditedInSingle()
    {
        Model model = Load("data/models/squeezenet_fp16.onnx").Edit().RemoveLast(1).Attach(new ConvHead(4)).Build();
        Assert.AreEqual("fire9/concat_1", model.Graph.Get("logits").Producer!.Inputs[0]!.Producer!.Inputs[0]!.Producer!.Inputs[0]!.Name);
        Assert.IsTrue(Parameters.Of(model).All(p => p.ElementType == ElementType.Float));
        Assert.AreEqual(52, Trainable.All.Select(model).Count);
    }

    private static Model SqueezeNet() => Load("data/models/squeezenet_fp32.onnx");

    private static Model Load(string file) => Model.Load(Present.Shared(file));
}
