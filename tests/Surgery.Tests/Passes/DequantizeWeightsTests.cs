using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>Quantized weights as the float weights that they stand for.</summary>
[TestClass]
public sealed class DequantizeWeightsTests
{
    private static readonly Dictionary<string, (Func<GraphBuilder, Value, Value> Build, string[] Weights)> Cases = new()
    {
        ["one scale"] = ((b, x) => b.MatMul(x, Real(b, W(b, "w", ElementType.Int8, 4, 3), 0.1f)), ["w"]),
        ["scales by column"] = ((b, x) => b.MatMul(x, b.Op("DequantizeLinear", [W(b, "w", ElementType.Int8, 4, 3), Floats(b, 3), W(b, "zero", ElementType.Int8, 3)], ("axis", 1))), ["w"]),
        ["blocks of 4 bits"] = ((b, x) => b.MatMul(x, b.Op("DequantizeLinear", [W(b, "w", ElementType.UInt4, 4, 3), Floats(b, 2, 3)], ("axis", 0), ("block_size", 2))), ["w"]),
        ["weights, and a bias of 32 bits"] = ((b, x) => b.Gemm(x, Real(b, W(b, "w", ElementType.UInt8, 4, 3), 0.1f), Real(b, W(b, "bias", ElementType.Int32, 3), 0.01f)), ["w", "bias"]),
        ["transposed afterwards"] = ((b, x) => b.MatMul(x, b.Transpose(Real(b, W(b, "w", ElementType.Int8, 3, 4), 0.1f), 1, 0)), ["w"]),
        ["one weight for two"] = ((b, x) => W(b, "w", ElementType.Int8, 4, 4) is var w && b.Scalar(0.1) is var s ? b.MatMul(b.MatMul(x, b.Op("DequantizeLinear", [w, s])), b.Op("DequantizeLinear", [w, s])) : x, ["w"]),
        ["one weight with two scales"] = ((b, x) => W(b, "w", ElementType.Int8, 4, 4) is var w ? b.MatMul(b.MatMul(x, Real(b, w, 0.1f)), Real(b, w, 0.2f)) : x, []),
        ["a computed scale"] = ((b, x) => b.MatMul(x, b.Op("DequantizeLinear", [W(b, "w", ElementType.Int8, 4, 3), b.ReduceMax(x, [], keepDims: false)])), []),
        ["a table of indices"] = ((b, x) => b.Gather(x, W(b, "w", ElementType.Int32, 1), 1), []),
        ["a bound"] = ((b, x) => b.Clip(x, null, b.Squeeze(Real(b, W(b, "w", ElementType.Int8, 1), 0.1f), 0)), []),
        ["quantized activations"] = ((b, x) => b.MatMul(Real(b, b.Op("QuantizeLinear", [x, b.Scalar(0.02), Zero(b)]), 0.02f, Zero(b)), Real(b, W(b, "w", ElementType.Int8, 4, 3), 0.1f)), ["w"]),
    };

    public static IEnumerable<object[]> Rows => Cases.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(Rows))]
    public void QuantizedWeightsAreParametersAndBecomeFloat(string name)
    {
        Model model = Build(name);
        CollectionAssert.AreEqual(Cases[name].Weights, Parameters.Of(model).Select(p => p.Name).Where(n => n is "w" or "bias").ToArray());
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats([.. Enumerable.Range(0, 8).Select(i => MathF.Sin(i))], 2, 4) };
        float[] expected = Run(model, feeds)["y"].ToFloats();
        DequantizeWeights.Run(model, ["w", "bias"]);
        foreach (string weight in Cases[name].Weights)
            Assert.AreEqual(ElementType.Float, model.Graph.Get(weight).Data!.ElementType);
        float[] actual = Run(model, feeds)["y"].ToFloats();
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5f * (1 + MathF.Abs(expected[i])));
    }

    [TestMethod]
    public void OnlyWhatIsNamedBecomesFloat()
    {
        Model model = Build("weights, and a bias of 32 bits");
        DequantizeWeights.Run(model, ["bias"]);
        Assert.AreEqual(ElementType.UInt8, model.Graph.Get("w").ElementType);
        Assert.AreEqual(1, model.Graph.Nodes.Count(n => n.OpType == "DequantizeLinear"));
    }

    /// <summary>Without optimizations: one of them makes a DequantizeLinear before a MatMul a product of integers, which rounds the data.</summary>
    private static IReadOnlyDictionary<string, TensorData> Run(Model model, Dictionary<string, TensorData> feeds)
    {
        using SessionOptions plain = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        return RuntimeSession.RunOnce(model, feeds, plain);
    }

    private static Model Build(string name)
    {
        GraphBuilder b = new(new Graph());
        Value y = b.Identity(Cases[name].Build(b, b.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 4))));
        b.Graph.Rename(y, "y");
        foreach (Value value in b.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            value.ElementType = ElementType.Undefined;
        b.Graph.SetOutputs(y);
        Model model = new(b.Graph) { Opset = GraphBuilder.WorkingOpset };
        InferShapes.Run(model);
        return model;
    }

    private static Value Real(GraphBuilder b, Value quantized, float scale, Value? zeroPoint = null) => b.Op("DequantizeLinear", [quantized, b.Scalar(scale), zeroPoint]);

    private static Value Zero(GraphBuilder b) => b.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Scalar, new byte[] { 128 }));

    private static Value W(GraphBuilder b, string name, ElementType type, params long[] shape)
    {
        long bits = shape.Aggregate(1L, (a, c) => a * c) * type.BitWidth();
        byte[] bytes = [.. Enumerable.Range(0, (int)bits / 8).Select(i => type == ElementType.Int32 ? (byte)(i % 4 == 0 ? (i / 4) + 1 : 0) : (byte)(i * 53))];
        return b.Graph.AddInitializer(name, TensorData.FromBytes(type, Shape.Of(shape), bytes));
    }

    private static Value Floats(GraphBuilder b, params long[] shape) => b.Constant(TensorData.FromFloats([.. Enumerable.Range(1, (int)shape.Aggregate(1L, (a, c) => a * c)).Select(i => 0.02f * i)], shape));
}
