using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>
/// Rows of quantization: QuantizeLinear against the formulas of the straight-through estimator, DequantizeLinear, which is linear in its scale, against finite differences.
/// </summary>
internal static class QuantizationCases
{
    public static readonly GradientCase[] Rows =
    [
        Quantize([2, 3], [0.5], _ => 0, [], (0, 255)) with { Values = Data([-2, -0.2, -0.3, 0.3, 127.5, 128], [0.5]) },
        Quantize([2, 3], [0.5], _ => 0, [3], (0, 255), UInt8(3)) with { Values = Data([-2, -1.5, -1.9, 0.3, 126, 127], [0.5]) },
        Quantize([2, 3], [0.01], _ => 0, [-5], (-128, 127), Int8(-5)) with { Values = Data([-2, -1.25, -1.23, 0.3, 1.32, 1.33], [0.01]) },
        Quantize([2, 3], [0.001], _ => 0, [], (-32768, 32767)) with { Attributes = [("output_dtype", ElementType.Int16)], Values = Data([-32.8, -32.7, -5, 0.3, 32.7, 33], [0.001]) },
        Quantize([2, 3], [0.5, 0.2, 0.1], i => i % 3, [0, 5, 250], (0, 255), UInt8(0, 5, 250)) with { Values = Data([-2, -1.01, 0.45, 0.3, 50.1, 0.6], [0.5, 0.2, 0.1]) },
        Quantize([2, 3, 2], [0.5, 0.2], i => i / 6, [], (0, 255)) with { Attributes = [("axis", 0)], Batch = false, Note = "axis 0", Ranges = new() { [0] = (-10, 80) } },
        Quantize([2, 6], [0.5, 0.2, 0.1, 0.3], i => i / 3, [0, 1, 2, 3], (0, 255), UInt8(0, 1, 2, 3)) with
        {
            Shapes = [[2, 6], [2, 2]], Constants = new() { [2] = Bytes(ElementType.UInt8, [0, 1, 2, 3], 2, 2) }, Attributes = [("axis", 1), ("block_size", 3)], Batch = false, Ranges = new() { [0] = (-10, 60) },
        },
        Quantize([2, 5], [0.5, 0.2, 0.1, 0.3], i => (i / 5 * 2) + (i % 5 / 3), [], (0, 255)) with
        {
            Shapes = [[2, 5], [2, 2]], Attributes = [("axis", -1), ("block_size", 3)], Note = "last block shorter", Batch = false, Ranges = new() { [0] = (-10, 60) },
        },
        new("DequantizeLinear", null, []) { Constants = { [0] = Bytes(ElementType.UInt8, [0, 3, 200, 255, 7, 9], 2, 3) } },
        new("DequantizeLinear", null, [1]) { Constants = { [0] = Bytes(ElementType.Int8, [0, 3, 200, 255, 7, 9], 2, 3), [2] = Bytes(ElementType.Int8, [4], 1) } },
        new("DequantizeLinear", null, [3]) { Constants = { [0] = Bytes(ElementType.UInt8, [0, 3, 200, 255, 7, 9], 2, 3), [2] = UInt8(1, 2, 3) } },
        new("DequantizeLinear", null, [2]) { Constants = { [0] = Bytes(ElementType.UInt8, [0, 3, 200, 255, 7, 9], 2, 3), [2] = UInt8(1, 2) }, Attributes = [("axis", -2)] },
        new("DequantizeLinear", null, [2, 2]) { Constants = { [0] = Bytes(ElementType.UInt8, [0, 3, 200, 255, 7, 9, 4, 2], 2, 4) }, Attributes = [("block_size", 2)] },
        new("DequantizeLinear", null, [2, 2]) { Constants = { [0] = Bytes(ElementType.UInt8, [0, 3, 200, 255, 7, 9], 2, 3) }, Attributes = [("block_size", 2)] },
        new("DequantizeLinear", null, []) { Constants = { [0] = Bytes(ElementType.Int32, [0, 1, 0, 0, 255, 255, 255, 255], 2) } },
        new("DequantizeLinear", [2, 3])
        {
            Quantized = { [0] = 0.5 },
            Ranges = { [0] = (0, 100) },
            Constants = { [1] = TensorData.Scalar(0.25f) },
            Formula = r => new() { [0] = [.. r.Cotangents[0].Select(c => c * 0.25 / 0.5)] },
        },
        .. Products,
        Dynamic([-2, -0.2, -0.3, 0.3, 1.5, 3]),
        Dynamic([0.1, 0.2, 0.3, 0.7, 1.5, 3]),
    ];

    private static GradientCase[] Products =>
    [
        Product("MatMulInteger", [2, 3]) with
        {
            Constants = new() { [1] = Bytes(ElementType.Int8, [1, 255, 3, 4, 250, 6], 3, 2), [2] = UInt8(5), [3] = Int8(-2) },
            Formula = r => new() { [0] = Products2x3(r.Cotangents[0], [[3, 1], [5, 6], [-4, 8]]) },
        },
        Product("MatMulInteger", [2, 3]) with
        {
            Constants = new() { [1] = Bytes(ElementType.UInt8, [1, 2, 3, 4, 5, 6], 3, 2), [3] = UInt8(1, 2) },
            Note = "zero points by column",
            Formula = r => new() { [0] = Products2x3(r.Cotangents[0], [[0, 0], [2, 2], [4, 4]]) },
        },
        new("MatMulInteger", [2, 3], [2, 3, 2])
        {
            Note = "both factors, one for all of a batch",
            Quantized = { [0] = 1, [1] = 1 },
            Values = { [0] = [1, 2, 3, 4, 5, 6], [1] = [1, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0, 3] },
            UnitGradient = true,
            Batch = false,
            Formula = _ => new() { [0] = [1, 3, 5, 1, 3, 5], [1] = [5, 5, 7, 7, 9, 9, 5, 5, 7, 7, 9, 9] },
        },
        Product("ConvInteger", [1, 1, 3]) with
        {
            Constants = new() { [1] = Bytes(ElementType.UInt8, [5, 6, 4, 9], 2, 1, 2), [2] = UInt8(5), [3] = UInt8(4) }, UnitGradient = true,
            Formula = _ => new() { [0] = [1 / 0.5, 8 / 0.5, 7 / 0.5] },      // kernels (1, 2) and (0, 5)
        },
        new("ConvInteger", [1, 1, 3], [1, 1, 2])
        {
            Note = "both factors",
            Quantized = { [0] = 1, [1] = 1 },
            Values = { [0] = [1, 2, 3], [1] = [1, 2] },
            UnitGradient = true,
            Batch = false,
            Formula = _ => new() { [0] = [1, 3, 2], [1] = [3, 5] },
        },
    ];

    private static GradientCase Product(string opType, long[] shape) => new(opType, shape) { Quantized = { [0] = 0.5 }, Ranges = { [0] = (0, 100) } };

    /// <summary>g · Bᵀ / scale.</summary>
    private static double[] Products2x3(double[] g, double[][] b) => [.. Enumerable.Range(0, 6).Select(i => ((g[i / 3 * 2] * b[i % 3][0]) + (g[(i / 3 * 2) + 1] * b[i % 3][1])) / 0.5)];

    /// <param name="owner">Which scale an element, by its place in the row, has.</param>
    private static GradientCase Quantize(long[] shape, double[] scales, Func<int, int> owner, double[] zeroPoints, (double Low, double High) range, TensorData? zeroPoint = null) =>
        new("QuantizeLinear", shape, scales.Length == 1 ? [] : [scales.Length])
        {
            Values = { [1] = scales },
            Constants = zeroPoint is null ? [] : new() { [2] = zeroPoint },
            Formula = r => StraightThrough(r, i => (scales[owner(i)], zeroPoints.Length > 0 ? zeroPoints[owner(i)] : 0), owner, scales.Length, range),
        };

    private static Dictionary<int, double[]> StraightThrough(GradientRun r, Func<int, (double Scale, double Zero)> of, Func<int, int> owner, int scales, (double Low, double High) range)
    {
        double[] x = r.Inputs[0], dX = new double[x.Length], dScale = new double[scales];
        for (int i = 0; i < x.Length; i++)
        {
            (float scale, double zero) = ((float)of(i).Scale, of(i).Zero);
            double q = MathF.Round((float)x[i] / scale) + zero;
            dX[i] = q >= range.Low && q <= range.High ? r.Cotangents[0][i] / scale : 0;
            dScale[owner(i)] -= dX[i] * x[i] / scale;
        }
        return new() { [0] = dX, [1] = dScale };
    }

    private static Dictionary<int, double[]> Data(double[] x, double[] scales) => new() { [0] = x, [1] = scales };

    /// <summary>Nothing is cut off, and the scale is (max − min)/255 of the range with 0.</summary>
    private static GradientCase Dynamic(double[] x) => new("DynamicQuantizeLinear", [2, 3])
    {
        Note = string.Join(", ", x),
        Values = { [0] = x },
        Outputs = 3,
        Unused = [1, 2],
        Formula = r => new() { [0] = [.. r.Cotangents[0].Select(c => c * 255 / (Math.Max(x.Max(), 0) - Math.Min(x.Min(), 0)))] },
    };

    private static TensorData UInt8(params byte[] values) => Bytes(ElementType.UInt8, values, values.Length == 1 ? [] : [values.Length]);

    private static TensorData Int8(sbyte value) => Bytes(ElementType.Int8, [(byte)value]);

    private static TensorData Bytes(ElementType type, byte[] values, params long[] shape) => TensorData.FromBytes(type, Shape.Of(shape), values);
}
