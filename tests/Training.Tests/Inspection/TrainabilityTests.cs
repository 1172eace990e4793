using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TrainabilityTests
{
    private const int Batch = 3;

    private static readonly HashSet<string> Views = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"];

    [TestMethod]
    public void ALinearLayerKeepsItsInput()
    {
        TrainableCut cut = Trainability.Of(TrainingModels.Linear(5, 3), Batch).Cuts.Single();
        Assert.AreEqual(("x", 18L, 1, 4L * 5 * Batch), (cut.Value.Name, cut.Parameters, cut.Layers, cut.ActivationBytes));
    }

    /// <summary>The convolution needs the image, ReLU its own result, which is what the head reads too.</summary>
    [TestMethod]
    public void AConvolutionalNetworkKeepsImageAndFeatures()
    {
        IReadOnlyList<TrainableCut> cuts = Trainability.Of(TrainingModels.ConvNet(4, 3), Batch).Cuts;
        Assert.AreEqual(4L * 64 * Batch * (1 + 4), cuts[0].ActivationBytes);
        Assert.AreEqual((2, 4L * 9 + 4 + 3 * 257), (cuts[0].Layers, cuts[0].Parameters));
        Assert.AreEqual((1, 3L * 257, 4L * 64 * 4 * Batch), (cuts[^1].Layers, cuts[^1].Parameters, cuts[^1].ActivationBytes));
    }

    /// <summary>What one differentiation of everything tells about each cut is what differentiating for the cut alone shows.</summary>
    [TestMethod]
    [DataRow("residual")]
    [DataRow("convolutions")]
    [DataRow("normalized")]
    public void EachCutNeedsWhatItsOwnTrainingGraphReads(string name)
    {
        Model model = name switch
        {
            "residual" => ResidualModels.Build(),
            "convolutions" => Float64Models.Build(withoutFloat64: true),
            _ => TransformerLike(),
        };
        Trainability report = Trainability.Of(model, Batch);
        Assert.IsGreaterThan(3, report.Cuts.Count);
        foreach (TrainableCut cut in report.Cuts)
        {
            Model work = TrainingGraph.OfFirstOutput(model);
            Trainable trainable = cut == report.Cuts[0] ? Trainable.All : Trainable.From(cut.Value.Name);
            string[] trained = [.. trainable.Select(work).Select(p => p.Name)];
            TrainingGraph graph = TrainingGraph.Build(work, new MeanSquaredError(), trained, new TrainingGraphOptions { FrozenApart = false, Dropout = false });
            Assert.AreEqual(graph.Parameters.Sum(p => p.Initial.Count), cut.Parameters, cut.Value.Name);
            Assert.AreEqual(BytesRead(graph.Training.Graph, cut.Value.Name), cut.ActivationBytes, cut.Value.Name);
        }
    }

    [TestMethod]
    public void AnOperatorWithoutAGradientBlocksWhatLiesBefore()
    {
        Trainability report = Trainability.Of(Blocked(op => op.Op("Unique", [op.Graph.Get("first")], ("axis", 0))));
        BlockingOperator blocking = report.Blocking.Single();
        Assert.AreEqual("Unique", blocking.Operator);
        Assert.StartsWith("'w1' → ", blocking.Path);
        Assert.Contains("No gradient for 'Unique'", blocking.Reason);
        CollectionAssert.AreEqual((string[])[blocking.Output], report.Cuts[0].BlockedBy.ToArray());
        TrainableCut free = report.Cuts.First(c => c.BlockedBy.Count == 0);
        Assert.AreEqual($"Freeze everything before '{free.Value.Name}' (--trainable from:{free.Value.Name}), or cut there.", blocking.Suggestion);
    }

    [TestMethod]
    public void WhatIsSuggestedCanBeDone()
    {
        Model model = Blocked(op => op.Op("Unique", [op.Graph.Get("first")], ("axis", 0)));
        string free = Trainability.Of(model).Cuts.First(c => c.BlockedBy.Count == 0).Value.Name;
        Model work = model.ToWorkingForm();
        Assert.ThrowsExactly<GraphException>(() => TrainingGraph.Build(work, new MeanSquaredError(), Trainable.All.Select(work).Select(p => p.Name)));
        TrainingGraph graph = TrainingGraph.Build(work, new MeanSquaredError(), Trainable.From(free).Select(work).Select(p => p.Name));
        CollectionAssert.AreEqual((string[])["w2"], graph.Parameters.Select(p => p.Name).ToArray());
    }

    /// <summary>A loop that makes as many rounds as the caller says cannot be written out.</summary>
    [TestMethod]
    public void AnOperatorThatCannotBeWrittenOutSaysWhy()
    {
        Trainability report = Trainability.Of(Blocked(op =>
        {
            Graph body = new("body", op.Graph);
            GraphBuilder inner = new(body, "body");
            body.AddInput("round", ElementType.Int64, Shape.Scalar);
            Value goesOn = body.AddInput("goes_on", ElementType.Bool, Shape.Scalar), h = body.AddInput("h", ElementType.Float, null);
            body.SetOutputs(inner.Identity(goesOn), inner.Tanh(h));
            return op.Op("Loop", [op.Graph.AddInput("rounds", ElementType.Int64, Shape.Scalar), null, op.Graph.Get("first")], ("body", body));
        }));
        BlockingOperator blocking = report.Blocking.Single();
        Assert.AreEqual("Loop", blocking.Operator);
        Assert.Contains("the number of its rounds must be known", blocking.Reason);
        Assert.IsEmpty(report.Cuts[^1].BlockedBy);
    }

    [TestMethod]
    public void TheModelStaysAsItIs()
    {
        Model model = TrainingModels.ConvNet(2, 2);
        int nodes = model.Graph.Nodes.Count;
        Trainability.Of(model);
        Assert.HasCount(nodes, model.Graph.Nodes);
        Assert.HasCount(1, model.Graph.Inputs);
    }

    private static long BytesRead(Graph graph, string features)
    {
        HashSet<Node> backward = [.. graph.Nodes.Where(n => n.Name.StartsWith("grad/", StringComparison.Ordinal) || n.Name.EndsWith("_grad", StringComparison.Ordinal))];
        HashSet<Node> forward = [.. graph.Nodes.Where(n => !backward.Contains(n) && !n.Name.StartsWith("loss/", StringComparison.Ordinal))];
        HashSet<Value> data = [graph.Inputs[0]], kept = [Memory(graph.Get(features))];      // the first input is the model's, the others are targets and parameters
        foreach (Node node in graph.Nodes.Where(n => n.OpType is not ("Shape" or "Size") && n.Inputs.Any(i => i is not null && data.Contains(i))))
            data.UnionWith(node.Outputs.OfType<Value>());
        foreach (Node node in backward.Where(n => n.OpType is not ("Shape" or "Size")))
            foreach (Value read in node.Inputs.OfType<Value>().Where(v => data.Contains(v) && (v.Producer is not { } p || forward.Contains(p))))
                kept.Add(Memory(read));
        return kept.Sum(v => v.Shape!.Aggregate(4L, (bytes, d) => bytes * (d.Value ?? Batch)));
    }

    private static Value Memory(Value value)
    {
        while (value.Producer is { } node && Views.Contains(node.OpType) && value.OutputIndex == 0)
            value = node.Inputs[0]!;
        return value;
    }

    /// <summary>x [batch, 4] · w1 → first → what is given → · w2.</summary>
    private static Model Blocked(Func<GraphBuilder, Value> between)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4));
        graph.Rename(op.Relu(op.MatMul(x, Weight("w1"))), "first");
        Value inside = between(op);
        inside.ElementType = ElementType.Float;
        graph.AddOutput(op.MatMul(op.Tanh(op.Reshape(inside, -1, 4)), Weight("w2")));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Weight(string name) => graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers(16, name.Length), 4, 4));
    }

    private static Model TransformerLike()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 5, 6));
        for (int i = 0; i < 2; i++)
        {
            Value normalized = op.Op("LayerNormalization", [x, Weight($"scale{i}", 6), Weight($"shift{i}", 6)]);
            Value mixed = op.MatMul(op.Softmax(op.MatMul(op.MatMul(normalized, Weight($"query{i}", 6, 6)), op.Transpose(normalized, 0, 2, 1))), normalized);
            x = op.Add(x, op.Op("Gelu", [op.Add(op.MatMul(mixed, Weight($"value{i}", 6, 6)), Weight($"bias{i}", 6))]));
        }
        graph.AddOutput(op.MatMul(op.ReduceMean(x, [1], keepDims: false), Weight("head", 6, 3)));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Weight(string name, params long[] shape) => graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length), shape));
    }
}
