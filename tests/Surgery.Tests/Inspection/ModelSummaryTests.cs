using System.Text.Json;
using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class ModelSummaryTests
{
    [TestMethod]
    public void ASummaryStatesTheFacts()
    {
        Model model = ResidualModels.Build();
        model.ProducerName = "pytorch";
        model.ProducerVersion = "2.0";
        model.Metadata["onnxft.labels"] = "[]";
        ModelSummary summary = ModelSummary.Of(model);

        Assert.AreEqual("x: Float [N, 3, 8, 8]", summary.Inputs.Single().ToString());
        CollectionAssert.AreEqual(new[] { "scores", "aux" }, summary.Outputs.Select(o => o.Name).ToArray());
        Assert.AreEqual("pytorch 2.0", summary.Producer);
        Assert.AreEqual(21, summary.Opsets["ai.onnx"]);
        Assert.AreEqual(10, summary.IrVersion);
        Assert.AreEqual("Gemm", summary.Operators.First().Key);
        Assert.AreEqual(3, summary.Operators["Gemm"]);
        Assert.AreEqual(8, summary.Parameters.Count);
        Assert.AreEqual(108 + 144 + 4 + 24 + 6 + 30 + 5 + 8, summary.ParameterCount);
        Assert.AreEqual(4 * summary.ParameterCount, summary.ParameterBytes);
        Assert.AreEqual(108 * 64 + 144 * 64 + 24 + 30 + 8, summary.MultiplyAccumulates);
        Assert.AreEqual("[]", summary.Metadata["onnxft.labels"]);
        Assert.AreEqual("active", summary.Classifier!.Features.Name);
        Assert.AreEqual("", summary.NoClassifierReason);
    }

    [TestMethod]
    public void CutPointsCountWhatLiesBeforeAndBehind()
    {
        ModelSummary summary = ModelSummary.Of(ResidualModels.Build());
        CollectionAssert.IsSubsetOf(new[] { "stem", "block", "pooled", "flat", "hidden", "active", "dropped" }, summary.CutPoints.Select(c => c.Value.Name).ToArray());
        CollectionAssert.DoesNotContain(summary.CutPoints.Select(c => c.Value.Name).ToArray(), "inner");
        CutPoint block = summary.CutPoints.Single(c => c.Value.Name == "block");
        Assert.AreEqual("block: Float [batch, 4, 8, 8]", block.Value.ToString());
        Assert.AreEqual((108 + 144 + 4, 24 + 6 + 30 + 5), (block.ParametersBefore, block.ParametersAfter));
        Assert.AreEqual((252 * 64, 54), (block.MultiplyAccumulatesBefore, block.MultiplyAccumulatesAfter));
    }

    [TestMethod]
    public void EveryCutPointCanBeCutAt()
    {
        Model model = ResidualModels.Build();
        foreach (CutPoint cut in ModelSummary.Of(model).CutPoints)
        {
            Model edited = model.Edit().CutAt(cut.Value.Name).Attach(new LinearHead(2)).Build();
            Assert.AreEqual(cut.ParametersBefore, Parameters.Of(edited).Where(p => !edited.HeadParameters.Contains(p.Name)).Sum(p => p.Data!.Count), cut.Value.Name);
        }
    }

    [TestMethod]
    public void ASummaryIsJson()
    {
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(ModelSummary.Of(ResidualModels.Build())));
        Assert.AreEqual("batch", json.RootElement.GetProperty("CutPoints")[0].GetProperty("Value").GetProperty("Shape")[0].GetString());
        Assert.AreEqual("Gemm", json.RootElement.GetProperty("Classifier").GetProperty("Kind").GetString());
        Assert.AreEqual(3, json.RootElement.GetProperty("Operators").GetProperty("Gemm").GetInt32());
    }

    [TestMethod]
    public void WithoutAClassifierTheReasonIsGiven()
    {
        Model model = ResidualModels.Build();
        model.Graph.SetOutputs(model.Graph.Get("block"));
        ModelSummary summary = ModelSummary.Of(model);
        Assert.IsNull(summary.Classifier);
        StringAssert.Contains(summary.NoClassifierReason, "The output 'block' comes from Add");
    }

    private static readonly Dictionary<string, (long Expected, Func<GraphBuilder, Value, Value> Build)> Operations = new()
    {
        ["Conv 3×3 stride 2"] = (5 * 4 * 4 * 4 * 9, (b, x) => b.Conv(x, W(b, 5, 4, 3, 3), strides: [2, 2], pads: [1, 1, 1, 1])),
        ["Conv, depthwise"] = (4 * 8 * 8 * 9, (b, x) => b.Conv(x, W(b, 4, 1, 3, 3), pads: [1, 1, 1, 1], group: 4)),
        ["ConvTranspose"] = (4 * 8 * 8 * 5 * 4, (b, x) => b.ConvTranspose(x, W(b, 4, 5, 2, 2), strides: [2, 2])),
        ["Gemm"] = (256 * 7, (b, x) => b.Gemm(b.Flatten(x), W(b, 7, 256), transB: true)),
        ["MatMul by a weight"] = (4 * 8 * 8 * 6, (b, x) => b.MatMul(x, W(b, 8, 6))),
        ["MatMul of computed values"] = (4 * 8 * 8 * 8, (b, x) => b.MatMul(x, x)),
        ["windows in the batch"] = (4 * 8 * 8 * 6, (b, x) => b.MatMul(b.Reshape(x, -1, 8), W(b, 8, 6))),
        ["Relu"] = (0, (b, x) => b.Relu(x)),
    };

    public static IEnumerable<object[]> OperationRows => Operations.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(OperationRows))]
    public void OperationsAreCountedForOneExample(string name)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        graph.SetOutputs(Operations[name].Build(b, graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 4, 8, 8))));
        Assert.AreEqual(Operations[name].Expected, ModelSummary.Of(new Model(graph) { Opset = GraphBuilder.WorkingOpset }).MultiplyAccumulates);
    }

    [TestMethod]
    public void InspectingAndEditingReadNoWeights()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 1000));
        Value hidden = b.Relu(b.Gemm(x, graph.AddInitializer("w1", UnreadableStorage.Tensor(2000, 1000)), transB: true));
        graph.SetOutputs(b.Softmax(b.Gemm(hidden, graph.AddInitializer("w2", UnreadableStorage.Tensor(3000, 2000)), transB: true)));
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };

        Assert.AreEqual(3000, ModelSummary.Of(model).Classifier!.Classes);
        Model edited = model.Edit().RemoveClassifier().Attach(new LinearHead(10)).Build();
        Assert.AreSame(graph.Get("w1").Data, edited.Graph.Get("w1").Data);
        Assert.IsNull(edited.Graph.Find("w2"));
    }

    private static Value W(GraphBuilder b, params long[] shape) => b.Graph.AddInitializer("w", ClassifierModels.Numbers(shape));
}
