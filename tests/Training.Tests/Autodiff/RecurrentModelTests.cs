using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Models with recurrent layers: x [batch, 5, 3] → LSTM → GRU, both directions → last output → 2 logits.</summary>
[TestClass]
public sealed class RecurrentModelTests
{
    private static readonly string[] Trained = ["lstm.W", "lstm.R", "lstm.B", "gru.W", "gru.R", "gru.B", "head"];

    [TestMethod]
    public void GradientsForABatchOfAnySizeMatchFiniteDifferences()
    {
        TrainingGraph graph = Build(Network(5), Trained);
        foreach (int batch in new[] { 1, 3 })
            GradientAssert.AreRight(graph, Feeds(graph, batch));
    }

    [TestMethod]
    public void TheTrainedModelComputesWhatTheModelDoes()
    {
        Model model = Network(5);
        TrainingGraph graph = Build(model, Trained);
        Dictionary<string, TensorData> feeds = Feeds(graph, 3);
        float[] expected = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = feeds["x"] })["y"].ToFloats();
        float[] actual = RuntimeSession.RunOnce(graph.Training, feeds)[graph.Output.Name].ToFloats();
        foreach ((float e, float a) in expected.Zip(actual))
            Assert.AreEqual(e, a, 1e-5f);
    }

    /// <summary>The runtime has no kernels for the batch in front; what is written out has.</summary>
    [TestMethod]
    [DataRow("LSTM", 4), DataRow("GRU", 3), DataRow("RNN", 1)]
    public void TheBatchInFrontMeansTheSame(string opType, int gates)
    {
        Dictionary<string, TensorData> stepsFirst = WrittenOut(opType, gates, layout: 0), batchFirst = WrittenOut(opType, gates, layout: 1);
        foreach ((string name, TensorData expected) in stepsFirst)
        {
            Assert.AreEqual(expected.Shape, batchFirst[name].Shape, name);
            CollectionAssert.AreEqual(expected.ToFloats(), batchFirst[name].ToFloats(), name);
        }
    }

    [TestMethod]
    public void FrozenLayersKeepTheirKernels()
    {
        string[] operators = [.. Build(Network(5), ["gru.W", "head"]).Training.Graph.Nodes.Select(n => n.OpType).Where(o => o is "LSTM" or "GRU")];
        CollectionAssert.AreEqual(new[] { "LSTM" }, operators);
        Build(Network(null), ["head"]);
    }

    [TestMethod]
    public void AnUnknownLengthIsRefusedWithARemedy()
    {
        string message = Assert.ThrowsExactly<GraphException>(() => Build(Network(null), Trained)).Message;
        StringAssert.Contains(message, "LSTM 'lstm'");
        StringAssert.Contains(message, "length of its sequence, axis 0");
        StringAssert.Contains(message, "fixed size");
        StringAssert.Contains(message, "freeze");
    }

    [TestMethod]
    public void AnUnknownActivationIsNamed()
    {
        Model model = Network(5).ToWorkingForm();
        model.Graph.Nodes.Single(n => n.OpType == "GRU").Attributes.Set("activations", new[] { "Sigmoid", "Wobble", "Sigmoid", "Tanh" });
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => WriteOut.Run(model.Graph, model.Graph.Nodes)).Message, "'Wobble'");
    }

    [TestMethod]
    public void FirstStatesAreNoParameters()
    {
        Model model = Network(5);
        Node lstm = model.Graph.Nodes.Single(n => n.OpType == "LSTM");
        lstm.SetInput(5, Weight(model.Graph, "first", 1, 1, 4));
        lstm.SetInput(7, Weight(model.Graph, "peepholes", 1, 12));
        string[] names = [.. Parameters.Of(model).Select(p => p.Name)];
        CollectionAssert.AreEquivalent(Trained.Append("peepholes").ToArray(), names);
    }

    private static TrainingGraph Build(Model model, string[] names) =>
        TrainingGraph.Build(model, new SoftmaxCrossEntropy(), names, new TrainingGraphOptions { FrozenApart = false });

    private static Model Network(long? length)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), length is long known ? known : Dimension.Named("length"), 3));
        Node lstm = graph.AddNode("LSTM", [op.Transpose(x, 1, 0, 2), Weight(graph, "lstm.W", 1, 16, 3), Weight(graph, "lstm.R", 1, 16, 4), Weight(graph, "lstm.B", 1, 32)], ["lstm"], name: "lstm");
        lstm.Attributes.Set("hidden_size", 4);
        Node gru = graph.AddNode("GRU", [op.Squeeze(lstm.Outputs[0]!, 1), Weight(graph, "gru.W", 2, 9, 4), Weight(graph, "gru.R", 2, 9, 3), Weight(graph, "gru.B", 2, 18)], [null, "gru"], name: "gru");
        gru.Attributes.Set("hidden_size", 3);
        gru.Attributes.Set("linear_before_reset", 1);
        gru.Attributes.Set("direction", "bidirectional");
        Value joined = op.Reshape(op.Transpose(gru.Outputs[1]!, 1, 0, 2), 0, 6);
        Value y = op.MatMul(joined, Weight(graph, "head", 6, 2));
        graph.Rename(y, "y");
        graph.SetOutputs(y);
        return new Model(graph) { Opset = 21, IrVersion = 10 };
    }

    /// <summary>All outputs, in the order of steps first.</summary>
    private static Dictionary<string, TensorData> WrittenOut(string opType, int gates, int layout)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = Weight(graph, "x", 4, 2, 3), lengths = op.Constant(TensorData.FromBytes(ElementType.Int32, Shape.Of(2), new byte[] { 2, 0, 0, 0, 4, 0, 0, 0 }));
        Value h = Weight(graph, "h", 2, 2, 3), c = Weight(graph, "c", 2, 2, 3);
        bool batchFirst = layout == 1;
        Value?[] states = [Turned(h), .. opType == "LSTM" ? [Turned(c)] : Array.Empty<Value>()];
        Node node = op.Node(opType, [Turned(x), Weight(graph, "W", 2, gates * 3, 3), Weight(graph, "R", 2, gates * 3, 3), null, lengths, .. states], opType == "LSTM" ? 3 : 2,
            ("hidden_size", 3), ("direction", "bidirectional"), ("layout", layout));
        (node.Inputs[0]!.Shape, graph.Get("x").Shape) = (batchFirst ? Shape.Of(2, 4, 3) : Shape.Of(4, 2, 3), Shape.Of(4, 2, 3));
        graph.SetOutputs([.. node.Outputs.Select((o, i) => !batchFirst ? o! : i == 0 ? op.Transpose(o!, 1, 2, 0, 3) : op.Transpose(o!, 1, 0, 2))]);
        WriteOut.Run(graph, [node]);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(new Model(graph) { Opset = 21, IrVersion = 10 }, new Dictionary<string, TensorData>());
        return graph.Outputs.Select((o, i) => (i, results[o.Name])).ToDictionary(o => $"output {o.i}", o => o.Item2);

        Value Turned(Value value) => batchFirst ? op.Transpose(value, 1, 0, 2) : value;
    }

    private static Value Weight(Graph graph, string name, params long[] shape) =>
        graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length), shape));

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph, int batch)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        feeds["x"] = TensorData.FromFloats(TrainingModels.Numbers(batch * 15, 3), batch, 5, 3);
        feeds[graph.Targets.Name] = TensorData.FromLongs([.. Enumerable.Range(0, batch).Select(i => i % 2L)], batch);
        return feeds;
    }
}
