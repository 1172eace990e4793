using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of <see cref="QuantizedOperatorTests"/>.</summary>
internal static class QuantizedCases
{
    private static readonly long[] Pads = [1, 1, 1, 1], Kernel = [2, 2];

    /// <summary>Scales of weights by output channel; zero points are 0.</summary>
    private static readonly float[] WeightSteps = [0.02f, 0.01f, 0.04f];

    public static readonly QuantizedCase[] All =
    [
        new("QLinearConv", 1, 2, 4, 4)
        {
            Domain = "", Attributes = [("pads", Pads)],
            Inputs = (b, x, s, o) => [x, .. s, Integers(b, 3, 2, 3, 3), Vector(b, WeightSteps), Zeros(b, 3), .. o, Bias(b, 3)],
            Real = (b, x) => b.Conv(x, b.Mul(Floats(b, 3, 2, 3, 3), b.Reshape(Vector(b, WeightSteps), 3, 1, 1, 1)), BiasOf(b, WeightSteps), pads: Pads),
        },
        new("QLinearConv", 1, 2, 4, 4)
        {
            Domain = "", Note = "one scale, no bias", Inputs = (b, x, s, o) => [x, .. s, Integers(b, 3, 2, 3, 3), b.Scalar(0.02), SByte(b, 3), .. o],
            Real = (b, x) => b.Conv(x, b.Mul(b.Sub(Floats(b, 3, 2, 3, 3), b.Scalar(3)), b.Scalar(0.02))),
        },
        new("QLinearConv", 1, 4, 4, 2)
        {
            Note = "channels last", Attributes = [("channels_last", 1), ("pads", Pads)],
            Inputs = (b, x, s, o) => [x, .. s, Integers(b, 3, 2, 3, 3), Vector(b, WeightSteps), Zeros(b, 3), .. o, Bias(b, 3)],
            Real = (b, x) => b.Transpose(b.Conv(b.Transpose(x, 0, 3, 1, 2), b.Mul(Floats(b, 3, 2, 3, 3), b.Reshape(Vector(b, WeightSteps), 3, 1, 1, 1)), BiasOf(b, WeightSteps), pads: Pads), 0, 2, 3, 1),
        },
        new("QLinearMatMul", 2, 4)
        {
            Domain = "", Inputs = (b, x, s, o) => [x, .. s, Integers(b, 4, 3), b.Scalar(0.02), SByte(b, 3), .. o],
            Real = (b, x) => b.MatMul(x, b.Mul(b.Sub(Floats(b, 4, 3), b.Scalar(3)), b.Scalar(0.02))),
        },
        new("QLinearMatMul", 2, 4)
        {
            Domain = "", Note = "scales by column", Inputs = (b, x, s, o) => [x, .. s, Integers(b, 4, 3), Vector(b, WeightSteps), Zeros(b, 3), .. o],
            Real = (b, x) => b.MatMul(x, b.Mul(Floats(b, 4, 3), Vector(b, WeightSteps))),
        },
        new("QLinearAdd", 2, 4) { Inputs = (b, x, s, o) => [x, .. s, Bytes(b, 4), b.Scalar(0.02), Byte(b, 90), .. o], Real = (b, x) => b.Add(x, Small(b)) },
        new("QLinearMul", 2, 4) { Inputs = (b, x, s, o) => [x, .. s, Bytes(b, 4), b.Scalar(0.02), Byte(b, 90), .. o], Real = (b, x) => b.Mul(x, Small(b)) },
        new("QLinearMul", 2, 4) { Note = "twice the same", Inputs = (b, x, s, o) => [x, .. s, x, .. s, .. o], Real = (b, x) => b.Mul(x, x) },
        new("QLinearSigmoid", 2, 4) { Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.Sigmoid(x) },
        new("QLinearLeakyRelu", 2, 4) { Attributes = [("alpha", 0.3f)], Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.Op("LeakyRelu", [b.Add(x, b.Scalar(1e-6))], ("alpha", 0.3f)) },
        new("QLinearSoftmax", 2, 2, 3) { Attributes = [("axis", 1), ("opset", 13)], Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.Softmax(x, 1) },
        new("QLinearSoftmax", 2, 2, 2) { Note = "two axes together", Attributes = [("axis", 1), ("opset", 12)], Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.Reshape(b.Softmax(b.Flatten(x)), 2, 2, 2) },
        new("QLinearWhere", 2, 4)
        {
            Inputs = (b, x, s, o) => [b.Constant(TensorData.FromBytes(ElementType.Bool, Shape.Of(4), new byte[] { 1, 0, 0, 1 })), x, .. s, Bytes(b, 4), b.Scalar(0.02), Byte(b, 90), .. o],
            Real = (b, x) => b.Mul(x, b.Constant(TensorData.FromFloats([1, 0, 0, 1], 4))),
        },
        new("QLinearConcat", 2, 4) { Attributes = [("axis", 1)], Inputs = (b, x, s, o) => [.. o, x, .. s, b.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Of(2, 1), new byte[] { 7, 200 })), b.Scalar(0.02), Byte(b, 90), x, .. s],
            Real = (b, x) => b.Concat(1, x, b.Constant(TensorData.FromFloats([0, 0], 2, 1)), x) },
        new("QLinearAveragePool", 1, 2, 4, 4) { Attributes = [("kernel_shape", Kernel), ("strides", Kernel)], Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.Op("AveragePool", [x], ("kernel_shape", Kernel), ("strides", Kernel)) },
        new("QLinearAveragePool", 1, 4, 4, 2)
        {
            Note = "channels last", Attributes = [("kernel_shape", Kernel), ("channels_last", 1)], Inputs = (b, x, s, o) => [x, .. s, .. o],
            Real = (b, x) => b.Transpose(b.Op("AveragePool", [b.Transpose(x, 0, 3, 1, 2)], ("kernel_shape", Kernel)), 0, 2, 3, 1),
        },
        new("QLinearGlobalAveragePool", 1, 2, 3, 3) { Inputs = (b, x, s, o) => [x, .. s, .. o], Real = (b, x) => b.GlobalAveragePool(x), },
        new("QGemm", 2, 4)
        {
            Attributes = [("transB", 1), ("alpha", 0.5f)], Inputs = (b, x, s, o) => [x, .. s, Integers(b, 3, 4), Vector(b, WeightSteps), Zeros(b, 3), Bias(b, 3), .. o],
            Real = (b, x) => b.Gemm(x, b.Mul(Floats(b, 3, 4), b.Reshape(Vector(b, WeightSteps), 3, 1)), BiasOf(b, WeightSteps, 0.5f), transB: true, alpha: 0.5f),
        },
        new("QGemm", 2, 4)
        {
            Note = "real result", GivesReal = true, Inputs = (b, x, s, o) => [x, .. s, Integers(b, 4, 3), b.Scalar(0.02), SByte(b, 0)],
            Real = (b, x) => b.MatMul(x, b.Mul(Floats(b, 4, 3), b.Scalar(0.02))),
        },
        new("NhwcMaxPool", 1, 4, 4, 2)
        {
            KeepsScale = true, Attributes = [("kernel_shape", Kernel), ("strides", Kernel)], Inputs = (b, x, s, o) => [x],
            Real = (b, x) => b.Transpose(b.Op("MaxPool", [b.Transpose(x, 0, 3, 1, 2)], ("kernel_shape", Kernel), ("strides", Kernel)), 0, 2, 3, 1),
        },
        new("MatMulIntegerToFloat", 2, 4)
        {
            GivesReal = true, Inputs = (b, x, s, o) => [x, Integers(b, 4, 3), s[0], Vector(b, WeightSteps), s[1], Zeros(b, 3), Vector(b, [1, 2, 3])],
            Real = (b, x) => b.MatMul(x, b.Mul(Floats(b, 4, 3), Vector(b, WeightSteps))),
        },
        new("QAttention", 2, 3, 4)
        {
            GivesReal = true, Attributes = [("num_heads", 1)], Inputs = (b, x, s, o) => [x, Integers(b, 4, 12), Vector(b, [.. Enumerable.Repeat(0.5f, 12)]), s[0], b.Scalar(0.02), null, s[1], SByte(b, 3)],
            Real = (b, x) => b.Split(b.Add(b.MatMul(x, b.Mul(b.Sub(Floats(b, 4, 12), b.Scalar(3)), b.Scalar(0.02))), b.Scalar(0.5)), 2, 4, 4, 4) is var parts
                ? b.MatMul(b.Softmax(b.Mul(b.MatMul(parts[0], b.Transpose(parts[1], 0, 2, 1)), b.Scalar(0.5))), parts[2]) : x,
        },
        new("DynamicQuantizeMatMul", 2, 4)
        {
            TakesReal = true, GivesReal = true, Inputs = (b, x, s, o) => [x, Integers(b, 4, 3), b.Scalar(0.02), SByte(b, 3), Vector(b, [1, 2, 3])],
            Real = (b, x) => b.MatMul(x, b.Mul(b.Sub(Floats(b, 4, 3), b.Scalar(3)), b.Scalar(0.02))),
        },
        new("QuantizeLinear", 2, 4) { TakesReal = true, Inputs = (b, x, s, o) => [x, .. o], Real = (b, x) => b.Identity(x) },
        new("DequantizeLinear", 2, 4) { GivesReal = true, Inputs = (b, x, s, o) => [x, .. s], Real = (b, x) => b.Identity(x) },
    ];

    /// <summary>Whole numbers between −30 and 30.</summary>
    private static int[] Numbers(long[] shape) => [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => (i * 17 % 61) - 30)];

    private static Value Integers(GraphBuilder b, params long[] shape) => b.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Of(shape), Numbers(shape).Select(v => (byte)(sbyte)v).ToArray()));

    private static Value Floats(GraphBuilder b, params long[] shape) => b.Constant(TensorData.FromFloats([.. Numbers(shape).Select(v => (float)v)], shape));

    private static Value Bytes(GraphBuilder b, int count) => b.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Of(count), Enumerable.Range(0, count).Select(i => (byte)(100 + (20 * i))).ToArray()));

    /// <summary>What <see cref="Bytes"/> stand for with zero point 90.</summary>
    private static Value Small(GraphBuilder b) => Vector(b, [0.2f, 0.6f, 1f, 1.4f]);

    private static Value Vector(GraphBuilder b, float[] values) => b.Constant(TensorData.FromFloats(values, values.Length));

    private static Value Zeros(GraphBuilder b, int count) => b.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Of(count), new byte[count]));

    private static Value SByte(GraphBuilder b, sbyte value) => b.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Scalar, new[] { (byte)value }));

    private static Value Byte(GraphBuilder b, byte value) => b.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Scalar, new[] { value }));

    private static Value Bias(GraphBuilder b, int count) => b.Constant(TensorData.FromBytes(ElementType.Int32, Shape.Of(count), Enumerable.Range(0, count).SelectMany(i => BitConverter.GetBytes((i * 300) - 200)).ToArray()));

    /// <summary>What <see cref="Bias"/> stands for, of data with the step 0.05.</summary>
    private static Value BiasOf(GraphBuilder b, float[] steps, float alpha = 1) => Vector(b, [.. steps.Select((s, i) => ((i * 300) - 200) * s * 0.05f * alpha)]);
}
