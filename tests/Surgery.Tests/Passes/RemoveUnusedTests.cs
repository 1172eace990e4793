namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class RemoveUnusedTests
{
    [TestMethod]
    public void NodesAndConstantsWithoutUseGo()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, Shape.Of(2));
        graph.AddInput("unused", ElementType.Float, Shape.Of(2));
        graph.AddInput(graph.AddInitializer("listed", TensorData.Scalar(1f)));
        Value y = b.Relu(x);
        b.Mul(b.Exp(y), b.Scalar(2));
        graph.SetOutputs(y);
        RemoveUnused.Run(graph);
        CollectionAssert.AreEqual(new[] { "Relu" }, graph.Nodes.Select(n => n.OpType).ToArray());
        Assert.AreEqual(0, graph.Initializers.Count);
        CollectionAssert.AreEqual(new[] { "x", "unused" }, graph.Inputs.Select(v => v.Name).ToArray());
    }

    [TestMethod]
    public void WhatASubgraphReadsStays()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, Shape.Of(2));
        Value condition = graph.AddInput("condition", ElementType.Bool, Shape.Scalar);
        Value outer = b.Mul(x, b.Scalar(3));
        Node choice = b.Node("If", [condition], 1, ("then_branch", Branch(graph, outer, "then")), ("else_branch", Branch(graph, x, "else")));
        graph.SetOutputs(choice.Outputs[0]!);
        RemoveUnused.Run(graph);
        CollectionAssert.AreEqual(new[] { "Mul", "If" }, graph.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(new[] { "Neg" }, choice.Attributes.Graph("then_branch")!.Nodes.Select(n => n.OpType).ToArray());
        Assert.AreEqual(1, graph.Initializers.Count);
    }

    private static Graph Branch(Graph outer, Value read, string name)
    {
        Graph branch = new(name, outer);
        GraphBuilder b = new(branch, name);
        Value result = b.Neg(read);
        b.Exp(result);
        branch.SetOutputs(result);
        return branch;
    }
}
