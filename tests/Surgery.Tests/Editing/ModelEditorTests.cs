using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class ModelEditorTests
{
    public static IEnumerable<object[]> Rows => ClassifierModels.All.Where(c => c is { Before: "Dropout", Behind: "Softmax" }).Select(c => new object[] { c.Form, c.IsDynamic });

    [TestMethod, DynamicData(nameof(Rows))]
    public void AClassifierIsReplacedByAHead(string form, bool isDynamic)
    {
        Model original = ClassifierModels.Build(form, "Dropout", "Softmax", isDynamic);
        byte[] before = original.ToBytes();
        Model model = original.Edit().RemoveClassifier().Attach(new LinearHead(3) { Dropout = 0.2f }).Build();

        CollectionAssert.AreEqual(before, original.ToBytes(), "the original is untouched");
        Assert.AreEqual("logits", model.Graph.Outputs.Single().Name);
        Assert.IsNull(model.Graph.Find("w"), "the classifier's weight is gone");
        Assert.AreSame(original.Graph.Get("trunk.w").Data, model.Graph.Get("trunk.w").Data);
        Assert.AreEqual(model.Graph.Outputs[0].Shape, new Shape(model.Graph.Inputs[0].Shape![0], 3));
        Assert.AreEqual("[1, 3]", Run(model, ("x", [1, 3, 8, 8])).Shape.ToString());
    }

    [TestMethod]
    [DataRow("block", "[2, 4, 8, 8]")]
    [DataRow("flat", "[2, 4]")]
    [DataRow("active", "[2, 6]")]
    [DataRow("stem", "[2, 4, 8, 8]")]
    public void ACutKeepsWhatComesBeforeItAndItsOutput(string value, string shape)
    {
        Model original = ResidualModels.Build();
        Model model = original.Edit().CutAt(value).Build();
        Assert.AreEqual(value, model.Graph.Outputs.Single().Name);
        TensorData actual = Run(model, ("x", [2, 3, 8, 8]));
        Assert.AreEqual(shape, actual.Shape.ToString());

        original.Graph.SetOutputs(original.Graph.Get(value));
        CollectionAssert.AreEqual(Run(original, ("x", [2, 3, 8, 8])).ToFloats(), actual.ToFloats());
    }

    [TestMethod]
    [DataRow("blok", "no value 'blok'. Did you mean 'block'")]
    [DataRow("fc1.w", "'fc1.w' is a weight")]
    [DataRow("mask", "'mask' holds Bool")]
    [DataRow("inner", "'stem' goes round it and would have to be cut too. Cut at 'stem' before it or at 'block' behind it")]
    public void AnImpossibleCutIsExplained(string value, string message)
    {
        GraphException error = Assert.ThrowsExactly<GraphException>(() => ResidualModels.Build().Edit().CutAt(value));
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void ACutInsideABlockDropsTheSkipWhenAsked()
    {
        Model model = ResidualModels.Build().Edit().CutAt("inner", dropBypass: true).Attach(new LinearHead(2)).Build();
        Assert.AreEqual("[2, 2]", Run(model, ("x", [2, 3, 8, 8])).Shape.ToString());
        Assert.IsFalse(model.Graph.Nodes.Any(n => n.OpType == "Add"));
    }

    [TestMethod]
    public void ACutBehindAnEarlierCutIsExplained()
    {
        ModelEditor editor = ResidualModels.Build().Edit().CutAt("flat");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => editor.CutAt("active")).Message, "an earlier cut of this edit has removed it");
    }

    [TestMethod]
    public void AValueBehindAnIdentityKeepsItsNameForCutting()
    {
        Model original = ClassifierModels.Build("Gemm", "Identity, Dropout", "Softmax", isDynamic: true);
        Value identity = original.Graph.Nodes.Single(n => n.OpType == "Identity").Outputs[0]!;
        original.Graph.Rename(identity, "same");
        Assert.AreEqual("features", original.Edit().CutAt("same").Build().Graph.Outputs[0].Name);
    }

    [TestMethod]
    [DataRow(1, "active", new[] { "stem.w", "block.w", "block.b", "fc1.w", "fc1.b" })]
    [DataRow(2, "flat", new[] { "stem.w", "block.w", "block.b" })]
    [DataRow(3, "stem", new[] { "stem.w" })]
    [DataRow(4, "x", new string[0])]
    public void LayersAreRemovedFromTheEnd(int layers, string features, string[] left)
    {
        Model model = ResidualModels.Build().Edit().RemoveLast(layers).Build();
        Assert.AreEqual(features, model.Graph.Outputs[0].Producer is { OpType: "Identity" } identity ? identity.Inputs[0]!.Name : model.Graph.Outputs[0].Name);
        CollectionAssert.AreEqual(left, model.Graph.Initializers.Select(v => v.Name).ToArray());
        Assert.AreEqual(2, Run(model, ("x", [2, 3, 8, 8])).Shape[0].Value);
    }

    [TestMethod]
    [DataRow(0, "must be at least 1. Possible numbers near it: 1, 2, 3, 4.")]
    [DataRow(5, "the model has 4.")]
    public void AnImpossibleNumberOfLayersIsExplained(int layers, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => ResidualModels.Build().Edit().RemoveLast(layers)).Message, message);

    [TestMethod]
    public void LayersInsideABlockAreNotRemoved()
    {
        Model model = ResidualModels.Build();
        Graph graph = model.Graph;
        GraphBuilder b = new(graph) { Before = graph.Get("block").Producer };
        graph.Get("block").Producer!.SetInput(0, b.Conv(graph.Get("inner"), graph.AddInitializer("block2.w", ClassifierModels.Numbers(4, 4, 1, 1))));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => model.Edit().RemoveLast(3)).Message,
            "the cut would lie inside a block with parallel paths. Possible numbers near it: 1, 2, 4, 5.");
    }

    [TestMethod]
    public void AuxiliaryOutputsAndUnneededInputsAreDropped()
    {
        Model model = ResidualModels.Build(secondInput: true).Edit().CutAt("flat", dropBypass: true).Attach(new LinearHead(2)).Build();
        CollectionAssert.AreEqual(new[] { "x" }, model.Graph.Inputs.Select(v => v.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "stem.w", "block.w", "block.b", "head.weight", "head.bias" }, model.Graph.Initializers.Select(v => v.Name).ToArray());
    }

    [TestMethod]
    public void ThreeLayersGoAndTwoCome()
    {
        Model model = ResidualModels.Build().Edit().RemoveLast(3).Attach(new MlpHead(3, 7) { Dropout = 0.5f }).Build();
        CollectionAssert.AreEqual(new[] { "head.0.weight", "head.0.bias", "head.1.weight", "head.1.bias" }, model.HeadParameters.ToArray());
        CollectionAssert.AreEqual(model.HeadParameters.ToArray(), Model.Parse(model.ToBytes()).HeadParameters.ToArray(), "the record survives a save");
        Assert.AreEqual("[2, 3]", Run(model, ("x", [2, 3, 8, 8])).Shape.ToString());
    }

    [TestMethod]
    public void HeadsAreAttachedInTurn()
    {
        Model model = ResidualModels.Build().Edit().CutAt("flat").Attach(new LinearHead(6)).Attach(new LinearHead(2)).Build();
        CollectionAssert.AreEqual(new[] { "head.weight", "head.bias", "head2.weight", "head2.bias" }, model.HeadParameters.ToArray());
        Assert.AreEqual("[2, 2]", Run(model, ("x", [2, 3, 8, 8])).Shape.ToString());
    }

    [TestMethod]
    public void ATunedModelGetsANewHead()
    {
        Model tuned = ResidualModels.Build().Edit().RemoveClassifier().Attach(new LinearHead(3)).Build();
        tuned.Metadata["onnxft.labels"] = """["a","b","c"]""";
        tuned.Metadata["onnxft.preprocessing"] = "{}";
        Model again = tuned.Edit().RemoveClassifier().Attach(new LinearHead(4)).Build();
        CollectionAssert.AreEqual(new[] { "head.weight", "head.bias" }, again.HeadParameters.ToArray());
        Assert.AreEqual(4, again.Graph.Get("head.weight").Data!.Shape[0].Value);
        CollectionAssert.AreEquivalent(new[] { "onnxft.head", "onnxft.cut", "onnxft.preprocessing" }, again.Metadata.Keys.ToArray(), "the labels were the former head's");
        Assert.AreEqual(3, tuned.Graph.Get("head.weight").Data!.Shape[0].Value, "the tuned model is untouched");
    }

    [TestMethod]
    public void TheNameLogitsIsFreedWhereTheModelUsesIt()
    {
        Model original = ResidualModels.Build();
        original.Graph.Rename(original.Graph.Get("stem"), "logits");
        Model model = original.Edit().RemoveClassifier().Attach(new LinearHead(3)).Build();
        Assert.AreEqual("[2, 3]", Run(model, ("x", [2, 3, 8, 8])).Shape.ToString());
        Assert.AreEqual("head/Gemm", model.Graph.Outputs[0].Producer!.Name);
    }

    [TestMethod]
    public void ABuiltModelDoesNotChangeWhenTheEditorGoesOn()
    {
        ModelEditor editor = ResidualModels.Build().Edit().CutAt("flat");
        Model first = editor.Build(), second = editor.Attach(new LinearHead(2)).Build();
        Assert.AreEqual("flat", first.Graph.Outputs[0].Name);
        Assert.AreEqual("logits", second.Graph.Outputs[0].Name);
    }

    [TestMethod]
    public void AHeadNeedsOneRowPerExample()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 6, 4));
        Value windows = b.Reshape(x, -1, 3, 4);
        graph.SetOutputs(b.Reshape(b.Relu(windows), -1, 24));
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        GraphException error = Assert.ThrowsExactly<GraphException>(() => model.Edit().CutAt(windows.Name).Attach(new LinearHead(2)));
        StringAssert.Contains(error.Message, "[2*batch, 3, 4]: its first dimension is not the batch");
        Assert.AreEqual(0, CutPoints.Of(model.ToWorkingForm()).Count, "neither the windows nor their Relu can carry a head");
    }

    private static TensorData Run(Model model, (string Name, long[] Shape) input) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [input.Name] = ClassifierModels.Numbers(input.Shape) })[model.Graph.Outputs[0].Name];
}
