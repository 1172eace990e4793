using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Gradients through quantized tensors: those of the same graph without quantization, since the data lie on the grid, and 0 where the range ends.</summary>
[TestClass]
public sealed class QuantizedChainTests
{
    private const float Scale = 0.25f;

    /// <summary>[1, 1, 4, 4]; multiples of the scale, none twice, the last two outside of what 4 bits hold.</summary>
    private static readonly float[] Data = [.. Enumerable.Range(0, 14).Select(i => ((i * 5 % 14) - 7) * Scale), 30, -30];

    [TestMethod]
    [DataRow(ElementType.Int8, "")]
    [DataRow(ElementType.UInt8, "")]
    [DataRow(ElementType.Int16, "")]
    [DataRow(ElementType.Int4, "")]
    [DataRow(ElementType.Float8E4M3FN, "")]
    [DataRow(ElementType.Int8, "Reshape")]
    [DataRow(ElementType.Int8, "Transpose")]
    [DataRow(ElementType.Int8, "Concat")]
    [DataRow(ElementType.Int8, "Slice")]
    [DataRow(ElementType.Int8, "MaxPool")]
    [DataRow(ElementType.UInt8, "MaxPool")]
    public void TheGradientGoesStraightThrough(ElementType type, string between)
    {
        float[] expected = Gradient(null, between);
        if (type == ElementType.Int4)
            expected[^1] = expected[^2] = 0;
        float[] actual = Gradient(type, between);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5f, $"element {i}");
        Assert.IsTrue(expected.Any(e => e != 0));
    }

    /// <summary>A layer as dynamic quantization leaves it: its gradient is that of the layer with real numbers.</summary>
    [TestMethod]
    public void ADynamicallyQuantizedLayerHasTheGradientOfTheLayer()
    {
        sbyte[] weights = [3, -7, 100, -128, 5, 60];
        float[] cotangent = [1, -2, 0.5f, 3], x = [0.3f, -1, 2, 0.7f, 0, -0.4f];
        GraphBuilder op = new(new Graph("layer"));
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        Value input = op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3));
        Value weight = op.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Of(3, 2), (byte[])(Array)weights));
        Node quantized = op.Node("DynamicQuantizeLinear", [input], 3);
        Value integers = op.Op("MatMulInteger", [quantized.Outputs[0], weight, quantized.Outputs[2]]);
        Value y = op.Mul(op.Op("Cast", [integers], ("to", ElementType.Float)), op.Mul(quantized.Outputs[1]!, op.Scalar(Scale)));
        op.Graph.SetOutputs(y);
        InferShapes.Run(model);
        Value gradient = op.Identity(Differentiation.Append(op, y, op.Constant(TensorData.FromFloats(cotangent, 2, 2)), [input])[input]);
        op.Graph.SetOutputs(gradient);
        RemoveUnused.Run(op.Graph);
        float[] actual = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats(x, 2, 3) })[gradient.Name].ToFloats();
        for (int i = 0; i < actual.Length; i++)
            Assert.AreEqual(Scale * ((cotangent[i / 3 * 2] * weights[i % 3 * 2]) + (cotangent[(i / 3 * 2) + 1] * weights[(i % 3 * 2) + 1])), actual[i], 1e-4f, $"element {i}");
    }

    private static float[] Gradient(ElementType? type, string between)
    {
        GraphBuilder op = new(new Graph("chain"));
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        Value x = op.Graph.AddInput("x", ElementType.Float, Shape.Of(1, 1, 4, 4));
        Value y = type is { } quantized ? Restored(op, Moved(op, Quantized(op, x, quantized), between), quantized) : Moved(op, x, between);
        Value flat = op.Reshape(y, -1);
        op.Graph.SetOutputs(flat);
        InferShapes.Run(model);
        float[] cotangent = [.. Enumerable.Range(1, (int)flat.Shape!.ElementCount!.Value).Select(i => MathF.Sin(i))];
        Value gradient = op.Identity(Differentiation.Append(op, flat, op.Constant(TensorData.FromFloats(cotangent, cotangent.Length)), [x])[x]);
        op.Graph.SetOutputs(gradient);
        RemoveUnused.Run(op.Graph);
        return RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats(Data, 1, 1, 4, 4) })[gradient.Name].ToFloats();
    }

    private static Value Moved(GraphBuilder op, Value x, string between)
    {
        long[] two = [2, 2];
        return between switch
        {
            "Reshape" => op.Reshape(x, 2, 8),
            "Transpose" => op.Transpose(x, 0, 3, 1, 2),
            "Concat" => op.Concat(2, x, x),
            "Slice" => op.Slice(x, 3, 1, 4, 2),
            "MaxPool" => op.Op("MaxPool", [x], ("kernel_shape", two), ("strides", two)),
            _ => x,
        };
    }

    private static Value Quantized(GraphBuilder op, Value x, ElementType type)
    {
        Value q = op.Op("QuantizeLinear", [x, op.Scalar(Scale), ZeroPoint(op, type)], ("output_dtype", type));
        q.ElementType = type;
        return q;
    }

    private static Value Restored(GraphBuilder op, Value q, ElementType type)
    {
        Value y = op.Op("DequantizeLinear", [q, op.Scalar(Scale), ZeroPoint(op, type)]);
        y.ElementType = ElementType.Float;
        return y;
    }

    /// <summary>In the middle of what is not signed, and at 0 of what is.</summary>
    private static Value? ZeroPoint(GraphBuilder op, ElementType type) =>
        type == ElementType.UInt8 ? op.Constant(TensorData.FromBytes(type, Shape.Scalar, new byte[] { 128 })) : null;
}
