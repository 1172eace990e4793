using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class TrainableTests
{
    [TestMethod]
    [DataRow("head", "fc2.w fc2.b")]
    [DataRow("all", "stem.w block.w block.b fc1.w fc1.b fc2.w fc2.b aux.w")]
    [DataRow("from:active", "fc2.w fc2.b")]
    [DataRow("from:block", "fc1.w fc1.b fc2.w fc2.b")]
    [DataRow("from:stem", "block.w block.b fc1.w fc1.b fc2.w fc2.b aux.w")]
    [DataRow("fc1.*", "fc1.w fc1.b")]
    [DataRow("fc?.w", "fc1.w fc2.w")]
    [DataRow("*.b, stem.w", "stem.w block.b fc1.b fc2.b")]
    [DataRow("block.w", "block.w")]
    public void ASelectionReadsBackAndSelects(string text, string names)
    {
        Trainable trainable = Trainable.Parse(text);
        Assert.AreEqual(text, trainable.ToString());
        Assert.AreEqual(trainable, Trainable.Parse(trainable.ToString()));
        Assert.AreEqual(names, string.Join(' ', trainable.Select(ResidualModels.Build()).Select(p => p.Name)));
    }

    [TestMethod]
    public void TheAttachedHeadIsTheHead()
    {
        Model model = ResidualModels.Build().Edit().CutAt("flat").Attach(new MlpHead(3, 7)).Build();
        CollectionAssert.AreEqual(model.HeadParameters.ToArray(), Trainable.Head.Select(Model.Parse(model.ToBytes())).Select(p => p.Name).ToArray());
        Assert.AreEqual("block.w block.b head.0.weight head.0.bias head.1.weight head.1.bias",
            string.Join(' ', Trainable.From("stem").Select(model).Select(p => p.Name)));
    }

    [TestMethod]
    [DataRow("fc9.*", "No parameter's name fits 'fc9.*'. Did you mean 'fc1.b'")]
    [DataRow("", "No parameter's name fits ''")]
    [DataRow("STEM.W", "Did you mean 'stem.w'")]
    [DataRow("from:scores", "No parameter stands behind 'scores'")]
    [DataRow("from:blok", "no value 'blok'. Did you mean 'block'")]
    public void AnEmptySelectionIsAnError(string text, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => Trainable.Parse(text).Select(ResidualModels.Build())).Message, message);

    [TestMethod]
    public void AModelWithoutParametersIsAnError()
    {
        Graph graph = new();
        graph.SetOutputs(new GraphBuilder(graph).Relu(graph.AddInput("x", ElementType.Float, new Shape(1, 2))));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Trainable.All.Select(new Model(graph))).Message, "Attach a head.");
    }

    [TestMethod]
    public void ParametersReachedThroughOtherNodesCountAsBehind()
    {
        // As Swin's table of relative positions, and ViT's class token expanded to the batch size.
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 4));
        Value start = b.Relu(x);
        Value table = b.Gather(graph.AddInitializer("table", ClassifierModels.Numbers(6, 4)), b.Longs(2));
        Value token = b.Expand(graph.AddInitializer("token", ClassifierModels.Numbers(1, 4)), b.Shape_(start));
        graph.SetOutputs(b.Add(b.Add(b.Mul(start, graph.AddInitializer("scale", ClassifierModels.Numbers(4))), table), token));
        string[] names = [.. Trainable.From(start.Name).Select(new Model(graph)).Select(p => p.Name)];
        CollectionAssert.AreEqual(new[] { "table", "token", "scale" }, names);
    }
}
