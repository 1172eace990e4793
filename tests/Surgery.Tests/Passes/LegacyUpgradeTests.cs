namespace OnnxFineTune.Surgery.Tests;

/// <summary>Steps up to operator set 7, which no runtime computes any more: against the same written with the operators of today.</summary>
[TestClass]
public sealed class LegacyUpgradeTests
{
    private static readonly float[] Data = [.. Enumerable.Range(0, 24).Select(i => MathF.Sin(1 + (i * 1.7f)))];

    /// <summary>A node of an old version, and the nodes that say the same today.</summary>
    private static readonly Dictionary<string, (int Opset, long[] Shape, Func<GraphBuilder, Value, Node> Old, Func<GraphBuilder, Value, IReadOnlyList<Value>> Today)> Cases = new()
    {
        ["Relu with a hint"] = (1, [2, 3, 4], (b, x) => b.Node("Relu", [x], 1, ("consumed_inputs", new long[] { 0 })), (b, x) => [b.Relu(x)]),
        ["Selu"] = (1, [2, 3, 4], (b, x) => b.Node("Selu", [x], 1), (b, x) => [b.Op("Selu", [x], ("alpha", 1.6732f), ("gamma", 1.0507f))]),
        ["Tile"] = (1, [2, 3, 4], (b, x) => b.Node("Tile", [x, b.Scalar(3), b.Scalar(1)], 1), (b, x) => [b.Concat(1, x, x, x)]),
        ["Concat"] = (1, [2, 3, 4], (b, x) => b.Node("Concat", [x, x], 1), (b, x) => [b.Concat(1, x, x)]),
        ["Pad"] = (1, [2, 3, 4], (b, x) => b.Node("Pad", [x], 1, ("paddings", new long[] { 0, 1, 0, 0, 0, 2 }), ("value", 0.5f)), (b, x) => [b.Pad(x, b.Longs(0, 1, 0, 0, 0, 2), b.Scalar(0.5))]),
        ["Split"] = (1, [2, 3, 4], (b, x) => b.Node("Split", [x, b.Constant(TensorData.FromFloats([1, 3], 2))], 2, ("axis", 2)), (b, x) => b.Split(x, 2, 1, 3)),
        ["Reshape"] = (1, [2, 3, 4], (b, x) => b.Node("Reshape", [x], 1, ("shape", new long[] { 0, -1 })), (b, x) => [b.Reshape(x, 2, 12)]),
        ["Cast"] = (1, [2, 3, 4], (b, x) => b.Node("Cast", [x], 1, ("to", "DOUBLE")), (b, x) => [b.Cast(x, ElementType.Double)]),
        ["Add along an axis"] = (6, [2, 3, 4], (b, x) => b.Node("Add", [x, Vector(b, 3)], 1, ("broadcast", 1), ("axis", 1)), (b, x) => [b.Add(x, b.Reshape(Vector(b, 3), 3, 1))]),
        ["Sub along an axis from the end"] = (6, [2, 3, 4], (b, x) => b.Node("Sub", [x, Vector(b, 3)], 1, ("broadcast", 1), ("axis", -2)), (b, x) => [b.Sub(x, b.Reshape(Vector(b, 3), 3, 1))]),
        ["Pow along the last axis"] = (1, [2, 3, 4], (b, x) => b.Node("Pow", [b.Abs(x), Vector(b, 4)], 1, ("broadcast", 1)), (b, x) => [b.Pow(b.Abs(x), Vector(b, 4))]),
        ["Greater along an axis"] = (1, [2, 3, 4], (b, x) => b.Node("Greater", [x, Vector(b, 2)], 1, ("broadcast", 1), ("axis", 0)), (b, x) => [b.Greater(x, b.Reshape(Vector(b, 2), 2, 1, 1))]),
        ["PRelu by channel"] = (6, [2, 3, 4], (b, x) => b.Node("PRelu", [x, Vector(b, 3)], 1), (b, x) => [b.Op("PRelu", [x, b.Reshape(Vector(b, 3), 3, 1)])]),
        ["Gemm"] = (6, [6, 4], (b, x) => b.Node("Gemm", [x, Matrix(b, 4, 2), Vector(b, 2)], 1, ("broadcast", 1)), (b, x) => [b.Gemm(x, Matrix(b, 4, 2), Vector(b, 2))]),
        ["Dropout"] = (6, [2, 3, 4], (b, x) => b.Node("Dropout", [x], 1, ("is_test", 1), ("ratio", 0.4f)), (b, x) => [b.Identity(x)]),
        ["BatchNormalization"] = (6, [2, 3, 4], (b, x) => b.Node("BatchNormalization", [x, Vector(b, 3), Vector(b, 3), Vector(b, 3), Vector(b, 3)], 1, ("is_test", 1)),
            (b, x) => [b.Op("BatchNormalization", [x, Vector(b, 3), Vector(b, 3), Vector(b, 3), Vector(b, 3)])]),
        ["Clip without bounds"] = (5, [2, 3, 4], (b, x) => b.Node("Clip", [x], 1, ("consumed_inputs", new long[] { 0 })), (b, x) => [b.Identity(x)]),
        ["LpPool"] = (1, [1, 2, 3, 4], (b, x) => b.Node("LpPool", [x], 1, ("kernel_shape", new long[] { 2, 2 }), ("p", 3f)), (b, x) => [b.Op("LpPool", [x], ("kernel_shape", new long[] { 2, 2 }), ("p", 3))]),
        ["GlobalLpPool"] = (1, [1, 2, 3, 4], (b, x) => b.Node("GlobalLpPool", [x], 1), (b, x) => [b.Op("GlobalLpPool", [x], ("p", 2))]),
        ["Upsample"] = (1, [1, 2, 3, 4], (b, x) => b.Node("Upsample", [x], 1, ("height_scale", 2f), ("width_scale", 3f), ("mode", "nearest")),
            (b, x) => [b.Reshape(b.Expand(b.Reshape(x, 1, 2, 3, 1, 4, 1), b.Longs(1, 2, 3, 2, 4, 3)), 1, 2, 6, 12)]),
        ["RNN"] = (6, [2, 3, 4], (b, x) => b.Node("RNN", [x, Matrix(b, 1, 2, 4), Matrix(b, 1, 2, 2)], 1, ("hidden_size", 2), ("output_sequence", 1)),
            (b, x) => [b.Op("RNN", [x, Matrix(b, 1, 2, 4), Matrix(b, 1, 2, 2)], ("hidden_size", 2))]),
    };

    public static IEnumerable<object[]> Rows => Cases.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheOldNodeMeansTheNodesOfToday(string name)
    {
        (int opset, long[] shape, Func<GraphBuilder, Value, Node> old, Func<GraphBuilder, Value, IReadOnlyList<Value>> today) = Cases[name];
        Model model = Build(opset, shape, (b, x) => [.. old(b, x).Outputs.OfType<Value>()]), reference = Build(GraphBuilder.WorkingOpset, shape, today);
        foreach ((Value output, Value same) in model.Graph.Outputs.Zip(reference.Graph.Outputs))
            output.ElementType = same.ElementType;
        UpgradeOpset.Run(model);
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats(Data, shape) };
        TensorData[] expected = [.. RuntimeSession.RunOnce(reference, feeds).Values], actual = [.. RuntimeSession.RunOnce(model, feeds).Values];
        Assert.AreEqual(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i].ToString(), actual[i].ToString());
            CollectionAssert.AreEqual(expected[i].ToFloats(), actual[i].ToFloats());
        }
    }

    private static Model Build(int opset, long[] shape, Func<GraphBuilder, Value, IReadOnlyList<Value>> build)
    {
        GraphBuilder b = new(new Graph());
        b.Graph.SetOutputs(build(b, b.Graph.AddInput("x", ElementType.Float, Shape.Of(shape))));
        return new Model(b.Graph) { Opset = opset, IrVersion = opset < GraphBuilder.WorkingOpset ? 3 : 10 };
    }

    private static Value Vector(GraphBuilder b, long length) => Matrix(b, length);

    private static Value Matrix(GraphBuilder b, params long[] shape) =>
        b.Constant(TensorData.FromFloats([.. Enumerable.Range(1, (int)shape.Aggregate(1L, (a, c) => a * c)).Select(i => 0.3f * i)], shape));
}
