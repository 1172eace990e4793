using OnnxFineTune.Models;

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

    private static Model SqueezeNet()
    {
        if (SharedFolder.Find("data/models/squeezenet_fp32.onnx") is not { } path)
            throw new AssertInconclusiveException("../shared is absent: there is no SqueezeNet to load.");
        return Model.Load(path);
    }
}
