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
    [DataRow("blocks:1", "fc1.w fc1.b fc2.w fc2.b")]
    [DataRow("blocks:3", "stem.w block.w block.b fc1.w fc1.b fc2.w fc2.b")]
    [DataRow("biases", "block.b fc1.b fc2.w fc2.b")]
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
    [DataRow("blocks:4", "The model has 3 blocks, fewer than 'blocks:4' asks for")]
    [DataRow("normalization", "Use 'biases', 'blocks:1' or 'all'")]
    public void AnEmptySelectionIsAnError(string text, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => Trainable.Parse(text).Select(ResidualModels.Build())).Message, message);

    public static IEnumerable<(string Name, Func<Model> Build, string Biases, string Normalization)> Roles =>
    [
        ("BatchNormalization behind a convolution", BlockModels.Chain, "b1.norm.b b2.depthwise.b b2.pointwise.b b3.depthwise.b b3.pointwise.b", "b1.norm.w b1.norm.b"),
        ("BatchNormalization in front", BlockModels.Dense,
            "stem.conv.b b1.norm1.b b1.norm2.b b2.norm1.b b2.norm2.b b3.transition.b b3.reduce.b b3.norm1.b b3.norm2.b b4.norm1.b b4.norm2.b b4.last.b",
            "b1.norm1.w b1.norm1.b b1.norm2.w b1.norm2.b b2.norm1.w b2.norm1.b b2.norm2.w b2.norm2.b b3.transition.w b3.transition.b b3.norm1.w b3.norm1.b b3.norm2.w b3.norm2.b "
            + "b4.norm1.w b4.norm1.b b4.norm2.w b4.norm2.b b4.last.w b4.last.b"),
        ("LayerNormalization", () => BlockModels.Encoder(false),
            "stem.embed.b " + string.Join(' ', Enumerable.Range(1, 3).Select(i => $"b{i}.norm1.b b{i}.q.b b{i}.k.b b{i}.v.b b{i}.out.b b{i}.norm2.b b{i}.up.b b{i}.down.b")) + " b3.last.b",
            string.Join(' ', Enumerable.Range(1, 3).Select(i => $"b{i}.norm1.w b{i}.norm1.b b{i}.norm2.w b{i}.norm2.b")) + " b3.last.w b3.last.b"),
        ("LayerNormalization written out", () => BlockModels.Encoder(true),
            "stem.embed.b stem.norm.b " + string.Join(' ', Enumerable.Range(1, 3).Select(i => $"b{i}.q.b b{i}.k.b b{i}.v.b b{i}.out.b b{i}.norm1.b b{i}.up.b b{i}.down.b b{i}.norm2.b")),
            "stem.norm.w stem.norm.b " + string.Join(' ', Enumerable.Range(1, 3).Select(i => $"b{i}.norm1.w b{i}.norm1.b b{i}.norm2.w b{i}.norm2.b"))),
        ("GroupNormalization as PyTorch exports it", BlockModels.GroupNormalized, "b1.conv.b b1.norm.b", "b1.norm.w b1.norm.b"),
    ];

    [TestMethod, DynamicData(nameof(Roles))]
    public void BiasesAndNormalizationsAreFoundByWhatReadsThem(string name, Func<Model> build, string biases, string normalization)
    {
        Model model = build();
        Assert.AreEqual($"{biases} fc.w fc.b", string.Join(' ', Trainable.Biases.Select(model).Select(p => p.Name)), name);
        Assert.AreEqual($"{normalization} fc.w fc.b", string.Join(' ', Trainable.Normalization.Select(model).Select(p => p.Name)), name);
    }

    [TestMethod]
    [DataRow("blocks:")]
    [DataRow("blocks:0")]
    [DataRow("blocks:-1")]
    [DataRow("blocks:two")]
    public void ANumberOfBlocksIsANumber(string text) =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Trainable.Parse(text)).Message, "for example blocks:2");

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
