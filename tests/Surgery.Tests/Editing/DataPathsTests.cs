using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class DataPathsTests
{
    [TestMethod, DataRow(1), DataRow(2), DataRow(3), DataRow(4), DataRow(5), DataRow(6)]
    public void CutsAreTheValuesWithoutWhichTheOutputIsOutOfReach(int seed)
    {
        for (int round = 0; round < 50; round++)
        {
            Graph graph = RandomGraph(new Random(seed * 1000 + round));
            Value output = graph.Outputs[0];
            DataPaths paths = new(graph, output);
            string[] expected = [.. graph.Values.Where(v => Reaches(graph, output, []) && !Reaches(graph, output, [v])).Select(v => v.Name).Order()];
            CollectionAssert.AreEqual(expected, paths.Cuts.Select(v => v.Name).Order().ToArray());
        }
    }

    [TestMethod]
    public void WhatGoesRoundAValueCutsTheModelTogetherWithIt()
    {
        for (int round = 0; round < 200; round++)
        {
            Graph graph = RandomGraph(new Random(round));
            Value output = graph.Outputs[0];
            DataPaths paths = new(graph, output);
            foreach (Value value in paths.Values)
                Assert.IsFalse(Reaches(graph, output, [value, .. paths.Around(value)]), $"round {round}, {value.Name}");
        }
    }

    [TestMethod]
    public void AskingForTheBatchSizeIsNoSecondPath()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 4));
        Value relu = b.Relu(x);
        Value size = b.Unsqueeze(b.Gather(b.Shape_(x), b.Long(0)), 0);
        graph.SetOutputs(b.Reshape(relu, b.Concat(0, size, b.Longs(-1))));
        CollectionAssert.AreEqual(new[] { x, relu, graph.Outputs[0] }, new DataPaths(graph, graph.Outputs[0]).Cuts.ToArray());
    }

    [TestMethod]
    public void AnOutputThatNoInputReachesHasNoPath()
    {
        Graph graph = new();
        graph.SetOutputs(new GraphBuilder(graph).Relu(graph.AddInitializer("w", TensorData.Scalar(1f))));
        Assert.AreEqual(0, new DataPaths(graph, graph.Outputs[0]).Values.Count);
    }

    /// <summary>Whether data comes from an input to the output without passing certain values.</summary>
    private static bool Reaches(Graph graph, Value output, HashSet<Value> without)
    {
        HashSet<Value> reached = [.. graph.FeedInputs.Where(v => !without.Contains(v))];
        foreach (Node node in graph.Nodes)
            if (node.Inputs.Any(v => v is not null && reached.Contains(v)))
                reached.UnionWith(node.Outputs.OfType<Value>().Where(v => !without.Contains(v)));
        return reached.Contains(output);
    }

    /// <summary>One or two inputs and up to twelve nodes with one or two inputs and outputs each, mostly the latest values.</summary>
    private static Graph RandomGraph(Random random)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        List<Value> values = [.. Enumerable.Range(0, random.Next(1, 3)).Select(i => graph.AddInput($"x{i}", ElementType.Float, new Shape(1)))];
        values.Add(graph.AddInitializer("w", ClassifierModels.Numbers(1)));
        int nodes = random.Next(1, 13);
        for (int i = 0; i < nodes; i++)
            values.AddRange(b.Node("Any", [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Recent())], random.Next(1, 3)).Outputs.OfType<Value>());
        graph.SetOutputs(values[^1]);
        return graph;

        Value Recent() => values[Math.Max(0, values.Count - 1 - (int)(random.NextDouble() * random.NextDouble() * values.Count))];
    }
}
