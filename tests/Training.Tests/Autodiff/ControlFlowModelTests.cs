using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests.Autodiff;

/// <summary>A model whose weights are read inside subgraphs: x [batch, 4] → If on the mean of x, trained in both branches → Loop of three rounds → 2 logits.</summary>
[TestClass]
public sealed class ControlFlowModelTests
{
    [TestMethod]
    public void WeightsThatSubgraphsReadAreTrained()
    {
        TrainingGraph graph = TrainingGraph.Build(Network(), new SoftmaxCrossEntropy(), ["then", "loop", "head"], new TrainingGraphOptions { FrozenApart = false });
        foreach (int batch in new[] { 1, 3 })
        {
            Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
            feeds["x"] = TensorData.FromFloats([.. TrainingModels.Numbers(batch * 4, 3).Select(MathF.Abs)], batch, 4);
            feeds[graph.Targets.Name] = TensorData.FromLongs([.. Enumerable.Range(0, batch).Select(i => i % 2L)], batch);
            GradientAssert.AreRight(graph, feeds);
        }
    }

    [TestMethod]
    public void WeightsThatSubgraphsReadAreParameters() =>
        CollectionAssert.AreEquivalent(new[] { "then", "else", "loop", "head" }, Parameters.Of(Network()).Select(p => p.Name).ToArray());

    [TestMethod]
    public void FrozenSubgraphsStay()
    {
        TrainingGraph graph = TrainingGraph.Build(Network(), new SoftmaxCrossEntropy(), ["loop"]);
        Assert.IsTrue(graph.Frozen!.Graph.Nodes.Any(n => n.OpType == "If"));
        Assert.IsFalse(graph.Training.Graph.Nodes.Any(n => n.OpType is "If" or "Loop"));
    }

    private static Model Network()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4));
        Value condition = op.Greater(op.ReduceMean(x, [], keepDims: false), op.Scalar(0));
        Value chosen = op.Op("If", [condition], ("then_branch", Branch(graph, x, Weight(graph, "then", 4, 3))), ("else_branch", Branch(graph, x, Weight(graph, "else", 4, 3))));
        chosen.ElementType = ElementType.Float;
        Value looped = op.Op("Loop", [op.Long(3), null, chosen], ("body", Body(graph, Weight(graph, "loop", 3, 3))));
        looped.ElementType = ElementType.Float;
        Value y = op.MatMul(looped, Weight(graph, "head", 3, 2));
        graph.SetOutputs(y);
        return new Model(graph) { Opset = 21, IrVersion = 10 };
    }

    private static Graph Branch(Graph outer, Value x, Value weight)
    {
        Graph branch = new($"{weight.Name}_branch", outer);
        GraphBuilder op = new(branch, branch.Name);
        branch.SetOutputs(op.Tanh(op.MatMul(x, weight)));
        return branch;
    }

    private static Graph Body(Graph outer, Value weight)
    {
        Graph body = new("body", outer);
        GraphBuilder op = new(body, "body");
        body.AddInput("round", ElementType.Int64, Shape.Scalar);
        Value goesOn = body.AddInput("goes_on", ElementType.Bool, Shape.Scalar), h = body.AddInput("h", ElementType.Float, null);
        body.SetOutputs(op.Identity(goesOn), op.Add(h, op.Tanh(op.MatMul(h, weight))));
        return body;
    }

    private static Value Weight(Graph graph, string name, params long[] shape) =>
        graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length), shape));
}
