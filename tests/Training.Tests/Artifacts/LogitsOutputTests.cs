using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A model that is trained as it is gives the losses logits [N, C].</summary>
[TestClass]
public sealed class LogitsOutputTests
{
    /// <summary>One ending of a network behind <c>x</c>: what is taken off, and what is then the output.</summary>
    private sealed record Ending(string Name, long[] Features, Func<GraphBuilder, Value, Value> Build, string? Removed, string Operators, string Output);

    private static readonly Ending[] Endings =
    [
        new("logits", [3], (b, x) => b.Relu(x), null, "Relu", "[batch, 3]"),
        new("softmax", [3], (b, x) => b.Softmax(b.Relu(x), 1), "Softmax", "Relu", "[batch, 3]"),
        new("softmax over the last axis", [3], (b, x) => b.Softmax(b.Relu(x)), "Softmax", "Relu", "[batch, 3]"),
        new("log-softmax", [3], (b, x) => b.LogSoftmax(b.Relu(x), 1), "LogSoftmax", "Relu", "[batch, 3]"),
        new("logistic function", [3], (b, x) => b.Sigmoid(b.Relu(x)), "Sigmoid", "Relu", "[batch, 3]"),
        new("one position behind the classes", [3, 1, 1], (b, x) => b.Softmax(b.Relu(x), 1), "Softmax", "Relu Flatten", "[batch, 3]"),
        new("flattened afterwards", [3, 1, 1], (b, x) => b.Flatten(b.Softmax(b.Relu(x), 1)), "Softmax", "Relu Flatten", "[batch, 3]"),
        new("softmax over positions", [3, 4], (b, x) => b.Softmax(b.Relu(x), 2), null, "Relu Softmax", "[batch, 3, 4]"),
        new("softmax that is not last", [3], (b, x) => b.Relu(b.Softmax(x, 1)), null, "Softmax Relu", "[batch, 3]"),
        new("softmax of the input itself", [3], (b, x) => b.Softmax(x, 1), "Softmax", "", "[batch, 3]"),
    ];

    public static IEnumerable<object[]> Names => Endings.Select(e => new object[] { e.Name });

    [TestMethod, DynamicData(nameof(Names))]
    public void TheActivationIsTakenOff(string name)
    {
        Ending ending = Endings.Single(e => e.Name == name);
        foreach (OutputKind kind in (OutputKind[])[OutputKind.ClassLogits, OutputKind.LabelLogits])
        {
            Model model = Build(ending);
            Assert.AreEqual(ending.Removed, LogitsOutput.Restore(model, kind));
            Assert.AreEqual(ending.Operators, string.Join(' ', model.Graph.Nodes.Select(n => n.OpType)));
            Assert.AreEqual(ending.Output, model.Graph.Outputs.Single().Shape!.ToString());
        }
    }

    [TestMethod, DynamicData(nameof(Names))]
    public void ValuesStayAsTheyAre(string name)
    {
        Model model = Build(Endings.Single(e => e.Name == name));
        string before = string.Join(' ', model.Graph.Nodes.Select(n => n.OpType));
        Assert.IsNull(LogitsOutput.Restore(model, OutputKind.Values));
        Assert.AreEqual(before, string.Join(' ', model.Graph.Nodes.Select(n => n.OpType)));
    }

    private static Model Build(Ending ending)
    {
        Graph graph = new();
        Value x = graph.AddInput("x", ElementType.Float, new Shape([Dimension.Named("batch"), .. ending.Features.Select(d => (Dimension)d)]));
        graph.AddOutput(ending.Build(new GraphBuilder(graph), x));
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        InferShapes.Run(model);
        return model;
    }
}
