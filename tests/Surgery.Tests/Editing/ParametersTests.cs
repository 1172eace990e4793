using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class ParametersTests
{
    /// <summary>Nodes that read initializers: those named p… are parameters, those named s… are not.</summary>
    private static readonly Dictionary<string, Func<GraphBuilder, Value, Value>> Cases = new()
    {
        ["Conv"] = (b, x) => b.Conv(x, W(b, "p1", 2, 2, 1, 1), W(b, "p2", 2)),
        ["BatchNormalization"] = (b, x) => b.Op("BatchNormalization", [x, W(b, "p1", 2), W(b, "p2", 2), W(b, "s1", 2), W(b, "s2", 2)]),
        ["Clip"] = (b, x) => b.Clip(x, W(b, "s1"), W(b, "s2")),
        ["Pad"] = (b, x) => b.Pad(x, b.Longs(0, 0, 0, 0, 0, 0, 0, 0), W(b, "s1")),
        ["Resize"] = (b, x) => b.Op("Resize", [x, W(b, "s1", 8), W(b, "s2", 4)]),
        ["Dropout"] = (b, x) => b.Dropout(x, W(b, "s1"), null),
        ["Pow, scalar"] = (b, x) => b.Pow(x, W(b, "s1")),
        ["Mul, vector"] = (b, x) => b.Mul(x, W(b, "p1", 1, 2, 1, 1)),
        ["Greater"] = (b, x) => b.Where(b.Greater(x, W(b, "s1", 1)), x, W(b, "p1", 1)),
        ["Reshape"] = (b, x) => b.Reshape(x, 0, -1),
        ["PRelu"] = (b, x) => b.Op("PRelu", [x, W(b, "p1", 2, 1, 1)]),
        ["Transpose, MatMul"] = (b, x) => b.MatMul(x, b.Transpose(W(b, "p1", 2, 2), 1, 0)),
        ["quantized MatMul"] = (b, x) => b.MatMul(x, b.Op("DequantizeLinear", [b.Op("QuantizeLinear", [W(b, "p1", 2, 2), W(b, "s1", 2)]), W(b, "s2", 2)])),
        ["weighted loss"] = (b, x) => b.Op("SoftmaxCrossEntropyLoss", [x, b.Longs(0), W(b, "s1", 2)]),
        ["window"] = (b, x) => b.Op("STFT", [x, b.Long(1), W(b, "s1", 2)]),
        ["Hardmax"] = (b, x) => b.Mul(x, b.Op("Hardmax", [W(b, "s1", 2, 2)])),
        ["Cast to a bound"] = (b, x) => b.Clip(x, b.Op("Squeeze", [W(b, "s1", 1)]), null),
        ["another operator set"] = (b, x) => b.Graph.AddNode("FusedConv", [x, W(b, "p1", 2, 2, 1, 1)], ["fused"], "com.microsoft").Outputs[0]!,
    };

    public static IEnumerable<object[]> Rows => Cases.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(Rows))]
    public void OnlyDataThatAGradientReachesIsAParameter(string name)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        graph.SetOutputs(Cases[name](b, graph.AddInput("x", ElementType.Float, new Shape(1, 2, 2, 2))));
        string[] expected = [.. graph.Initializers.Select(v => v.Name).Where(n => n.StartsWith('p'))];
        CollectionAssert.AreEqual(expected, Parameters.Of(new Model(graph)).Select(p => p.Name).ToArray());
    }

    private static Value W(GraphBuilder b, string name, params long[] shape) => b.Graph.AddInitializer(name, ClassifierModels.Numbers(shape));
}
