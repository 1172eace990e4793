using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the operators that broadcast.</summary>
internal static class ArithmeticCases
{
    private static readonly (double, double) Positive = (0.2, 2);

    public static readonly GradientCase[] Rows =
    [
        new("Add", [2, 3], [2, 3]),
        new("Add", [2, 3], [3]),
        new("Add", [3, 1], [4]),
        new("Add", [2, 3, 4], []),
        new("Add", [1, 1, 4], [2, 3, 1]),
        new("Add", [2, 3], [1, 1, 3]),
        new("Sub", [2, 3], [2, 3]),
        new("Sub", [2, 3], [3]),
        new("Sub", [], [2, 3]),
        new("Mul", [2, 3], [2, 3]),
        new("Mul", [2, 3], [3]),
        new("Mul", [2, 3, 2, 2], [2, 3, 1, 1]),
        new("Mul", [5, 6, 4, 4], [6, 1, 1]) { Note = "large" },
        new("Div", [2, 3], [2, 3]) { Ranges = { [1] = Positive } },
        new("Div", [2, 3], [3]) { Ranges = { [1] = (-2, -0.3) } },
        new("Div", [], [2, 3]) { Ranges = { [1] = Positive } },
        new("Mod", [2, 3], [2, 3]) { Attributes = [("fmod", 1)], Range = (-5, 5), Values = { [1] = [0.7, -0.4, 1.3, 2.1, -0.9, 0.6] } },
        new("Mod", [2, 3], [3]) { Attributes = [("fmod", 1)], Values = { [0] = [5.2, -3.1, 4.7, -2.3, 0.9, 7.5], [1] = [0.7, -0.4, 1.3] } },
        new("Pow", [2, 3], [2, 3]) { Ranges = { [0] = Positive } },
        new("Pow", [2, 3], [3]) { Ranges = { [0] = Positive } },
        Power(2),
        Power(3),
        Power(1),
        Power(0),
        Power(0.5f) with { Range = Positive },
        Power(-1.5f) with { Range = Positive },
        new("Pow", [2, 3]) { Note = "int64", Constants = { [1] = TensorData.Scalar(3L) } },
        new("Pow", [2, 3]) { Note = "int64", Constants = { [1] = TensorData.Vector(3, 2, 0) } },
        SpecialPower(2, [0, -1, 3], [0, -2, 6]),
        SpecialPower(3, [0, -1], [0, 3]),
        SpecialPower(1, [0, -1], [1, 1]),
        SpecialPower(0, [0, -1], [0, 0]),
        SpecialPower(0.5f, [0, 4], [double.PositiveInfinity, 0.25]),
        new("Pow", [4], [4])
        {
            Note = "base 0, as PyTorch",
            Values = { [0] = [0, 0, 0, 2], [1] = [2, 0, 1, 0] },
            UnitGradient = true,
            Formula = _ => new() { [0] = [0, 0, 1, 0], [1] = [0, 0, 0, Math.Log(2)] },
        },
        new("Sum", [2, 3]),
        new("Sum", [2, 3], [3], [2, 1]),
        new("Mean", [2, 3], [3], [2, 1]),
        new("Max", [2, 3]),
        new("Max", [2, 3], [2, 3]),
        new("Max", [2, 3], [3]),
        new("Max", [2, 3], [3], [2, 1], []),
        new("Min", [2, 3], [2, 3]),
        new("Min", [2, 3], [3]),
        new("Min", [2, 3], [3], [2, 1]),
        Ties("Max", [1, 2, 0, -0.0], [1, 1, 3, 0], [0.5, 1, 0, 0.5]),
        Ties("Min", [1, 2, 0, -0.0], [1, 1, 3, 0], [0.5, 0, 1, 0.5]),
        new("Max", [2], [2], [2])
        {
            Note = "three tie", Values = { [0] = [1, 2], [1] = [1, 2], [2] = [1, 0] }, UnitGradient = true, Tolerance = 1e-7,
            Formula = _ => new() { [0] = [1 / 3.0, 0.5], [1] = [1 / 3.0, 0.5], [2] = [1 / 3.0, 0] },
        },
        new("Where", null, [2, 3], [2, 3]) { Computed = { [0] = Bools([1, 0, 0, 1, 1, 0], 2, 3) } },
        new("Where", null, [3], [2, 1]) { Computed = { [0] = Bools([1, 0, 0, 1, 1, 0], 2, 3) } },
        new("Where", null, [], [2, 3]) { Constants = { [0] = Bools([1, 0, 1], 3) } },
        new("Expand", [2, 1]) { Constants = { [1] = TensorData.Vector(3, 1, 4) }, Batch = false },
        new("Expand", [3, 4]) { Computed = { [1] = TensorData.Vector(1, 4) } },
    ];

    private static GradientCase Power(float exponent) =>
        new("Pow", [2, 3]) { Constants = { [1] = TensorData.Scalar(exponent) } };

    private static GradientCase SpecialPower(float exponent, double[] x, double[] gradient) =>
        GradientCase.Special("Pow", x, gradient) with
        {
            Constants = new() { [1] = TensorData.Scalar(exponent) },
        };

    private static GradientCase Ties(string opType, double[] a, double[] b, double[] gradient) => new(opType, [4], [4])
    {
        Note = "ties, as PyTorch",
        Values = { [0] = a, [1] = b },
        UnitGradient = true,
        Formula = _ => new() { [0] = gradient, [1] = [.. gradient.Select(v => 1 - v)] },
    };

    private static TensorData Bools(byte[] values, params long[] shape) => TensorData.FromBytes(ElementType.Bool, Shape.Of(shape), values);
}
