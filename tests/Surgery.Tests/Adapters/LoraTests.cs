using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class LoraTests
{
    private static readonly Lora Small = new() { Rank = 2, Alpha = 3 };

    public static IEnumerable<object[]> Forms => LayerModels.All.Select(f => new object[] { f });

    [TestMethod, DynamicData(nameof(Forms))]
    public void AnAttachedModelComputesWhatItDid(string form)
    {
        Model original = LayerModels.Build(form);
        LoraAttachment attached = Small.Attach(original);
        CollectionAssert.AreEqual((string[])[LayerModels.Weight], attached.Weights.ToArray());
        CollectionAssert.AreEqual((string[])["w.lora_A", "w.lora_B"], attached.Model.AdapterParameters.ToArray());
        CollectionAssert.AreEqual(original.Output(), attached.Model.Output());
        Assert.AreEqual("y", attached.Model.Graph.Outputs[0].Name);
        Assert.IsFalse(original.HasAdapters);
    }

    [TestMethod, DynamicData(nameof(Forms))]
    public void AMergedModelComputesWhatTheAdapterDid(string form)
    {
        Model original = LayerModels.Build(form);
        Model trained = Model.Parse(Small.Attach(original).Model.Trained().ToBytes());      // the file knows its adapters
        float[] expected = trained.Output();
        Assert.IsGreaterThan(0.01f, AdapterRun.Difference(expected, original.Output()));
        Model merged = trained.MergeAdapters();
        Assert.IsLessThan(1e-5f, AdapterRun.Difference(expected, merged.Output()));
    }

    [TestMethod, DynamicData(nameof(Forms))]
    public void AMergedModelHasTheNodesAndNamesOfTheOriginal(string form)
    {
        Model original = LayerModels.Build(form).ToWorkingForm(), merged = Small.Attach(original).Model.Trained().MergeAdapters();
        CollectionAssert.AreEqual(original.Graph.Nodes.Select(Describe).ToArray(), merged.Graph.Nodes.Select(Describe).ToArray());
        WeightComparison weights = WeightComparison.Of(original, merged);
        CollectionAssert.AreEqual((string[])[LayerModels.Weight], weights.Changed.ToArray());
        Assert.IsEmpty(weights.Added);
        Assert.HasCount(original.Graph.Initializers.Count - 1, weights.Kept);
        Assert.IsFalse(merged.HasAdapters);

        static string Describe(Node node) =>
            $"{node} {string.Join(", ", node.Inputs.Select(i => i?.Name))} → {string.Join(", ", node.Outputs.Select(o => o?.Name))} ({string.Join(", ", node.Attributes.Select(a => a.Name))})";
    }

    /// <summary>A convolution to rank channels and a 1×1 convolution to the outputs, beside the layer: the adapter as PEFT computes it.</summary>
    [TestMethod]
    [DataRow("Conv 1×1"), DataRow("Conv 3×3"), DataRow("Conv, stride and uneven padding"), DataRow("Conv, dilated"), DataRow("Conv, two groups"), DataRow("Conv, three groups, stride"), DataRow("Conv of sequences")]
    [DataRow("Conv, many channels"), DataRow("Conv, many channels, two groups")]
    public void AnAdaptedConvolutionIsThatOfPeft(string form)
    {
        Model trained = Small.Attach(LayerModels.Build(form)).Model.Trained(), reference = LayerModels.Build(form);
        Graph graph = reference.Graph;
        Node layer = graph.Nodes.Single();
        Value a = graph.AddInitializer("a", trained.Graph.Get("w.lora_A").Data!), b = graph.AddInitializer("b", trained.Graph.Get("w.lora_B").Data!);
        GraphBuilder op = new(graph);
        Value narrow = op.Op("Conv", [layer.Inputs[0], a]);
        foreach (NodeAttribute attribute in layer.Attributes)
            narrow.Producer!.Attributes.Set(attribute);
        graph.SetOutputs(op.Add(layer.Outputs[0]!, op.Mul(op.Conv(narrow, b, group: layer.Attributes.Int("group", 1)), op.Scalar(1.5))));
        Assert.IsLessThan(1e-5f, AdapterRun.Difference(reference.Output(), trained.Output()));
    }

    [TestMethod]
    [DataRow("Conv 3×3", "Reshape Reshape MatMul Reshape Add Conv")]
    [DataRow("Conv, many channels", "Conv Conv Conv Add")]
    [DataRow("MatMul", "MatMul Transpose MatMul Transpose MatMul Add")]
    [DataRow("Gemm without bias", "Gemm Gemm Gemm")]
    public void TheFormIsTheFasterOne(string form, string nodes) =>
        Assert.AreEqual(nodes, string.Join(' ', new Lora { Rank = 2 }.Attach(LayerModels.Build(form)).Model.Graph.Nodes.Select(n => n.OpType)));

    [TestMethod]
    public void AFollowsTheSeedAndBIsZero()
    {
        Model first = new Lora { Rank = 2, Seed = 1 }.Attach(LayerModels.Build("Conv 3×3")).Model;
        float[] a = Floats(first, "w.lora_A");
        CollectionAssert.AreEqual(a, Floats(new Lora { Rank = 2, Seed = 1 }.Attach(LayerModels.Build("Conv 3×3")).Model, "w.lora_A"));
        CollectionAssert.AreNotEqual(a, Floats(new Lora { Rank = 2, Seed = 2 }.Attach(LayerModels.Build("Conv 3×3")).Model, "w.lora_A"));
        Assert.IsTrue(Array.TrueForAll(Floats(first, "w.lora_B"), v => v == 0));
        Assert.IsLessThanOrEqualTo(1 / MathF.Sqrt(4 * 9), a.Max(MathF.Abs));
        Assert.IsGreaterThan(0.8f / MathF.Sqrt(4 * 9), a.Max(MathF.Abs));
        Assert.AreEqual("[2, 4, 3, 3]", first.Graph.Get("w.lora_A").Shape!.ToString());
        Assert.AreEqual("[6, 2, 1, 1]", first.Graph.Get("w.lora_B").Shape!.ToString());

        static float[] Floats(Model model, string name) => model.Graph.Get(name).Data!.ToFloats();
    }

    [TestMethod]
    [DataRow("*", "stem.w block.w fc1.w")]
    [DataRow("block*", "block.w")]
    [DataRow("fc?.w, stem.w", "stem.w fc1.w")]
    [DataRow("layer:flat*", "fc1.w")]
    public void PatternsChooseByNameOfWeightOrNode(string pattern, string weights)
    {
        Model model = ResidualModels.Build().Edit().RemoveClassifier().Attach(new LinearHead(3)).Build();
        model.Graph.Nodes.First(n => n.Inputs.Contains(model.Graph.Get("fc1.w"))).Name = "layer:flat/Gemm";
        LoraAttachment attached = new Lora { Rank = 1, Pattern = pattern }.Attach(model);
        Assert.AreEqual(weights, string.Join(' ', attached.Weights));
        Assert.AreEqual(attached.Parameters, attached.Model.AdapterParameters.Sum(p => attached.Model.Graph.Get(p).Data!.Count));
        CollectionAssert.AreEqual(attached.Model.HeadParameters.Concat(attached.Model.AdapterParameters).Order().ToArray(),
            Trainable.Parse("adapters").Select(attached.Model).Select(p => p.Name).Order().ToArray());
    }

    [TestMethod]
    [DataRow(0, null, "*", "Rank is 0; it must be from 1 to 4096.")]
    [DataRow(8, -1f, "*", "Alpha is -1; it must be above 0.")]
    [DataRow(8, null, " , ", "Pattern is empty")]
    public void OptionsOutOfRangeAreErrors(int rank, float? alpha, string pattern, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<ArgumentException>(() => new Lora { Rank = rank, Alpha = alpha, Pattern = pattern }.Attach(LayerModels.Build("MatMul"))).Message, message);

    [TestMethod]
    public void APatternThatFitsNothingNamesWhatIsNear() => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => new Lora { Rank = 1, Pattern = "blok.w" }.Attach(ResidualModels.Build())).Message, "fits 'blok.w'. Did you mean 'block.w'");

    [TestMethod]
    public void TheHighestPossibleRankIsNamed()
    {
        string message = Assert.ThrowsExactly<GraphException>(() => new Lora { Rank = 5 }.Attach(LayerModels.Build("Conv 1×1"))).Message;
        StringAssert.Contains(message, "'w' gets no adapter: an adapter of rank 5 would hold as many numbers as the weight itself. Give a rank of at most 3.");
        Assert.HasCount(1, new Lora { Rank = 3 }.Attach(LayerModels.Build("Conv 1×1")).Weights);
    }

    [TestMethod]
    public void AttachingTwiceIsAnError() => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => Small.Attach(Small.Attach(LayerModels.Build("MatMul")).Model)).Message, "adapters already");

    [TestMethod]
    public void AModelWithoutLayersIsAnError()
    {
        Graph graph = new();
        graph.SetOutputs(new GraphBuilder(graph).Relu(graph.AddInput("x", ElementType.Float, new Shape(1, 2))));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Small.Attach(new Model(graph) { Opset = 21 })).Message, "nothing to adapt");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Trainable.Adapters.Select(LayerModels.Build("MatMul"))).Message, "no adapters to train");
    }
}
