namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of mathematical functions of single elements.</summary>
internal static class ElementwiseCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Neg", [2, 3]),
        new("Abs", [4, 5]) { Range = (0.1, 1) },
        new("Abs", [4, 5]) { Range = (-1, -0.1) },
        GradientCase.Special("Abs", [-2, 0, -0.0, 1e-40, 3, double.PositiveInfinity], [-1, 0, 0, 0, 1, 1]) with { Tolerance = 1e-2, DoubleTolerance = 1e-2 },
        new("Sqrt", [2, 3]) { Range = (0.3, 2) },
        GradientCase.Special("Sqrt", [0, 4], [double.PositiveInfinity, 0.25]),
        new("Exp", [2, 3]),
        new("Log", [2, 3]) { Range = (0.3, 2) },
        GradientCase.Special("Log", [0, 4], [double.PositiveInfinity, 0.25]),
        new("Reciprocal", [2, 3]) { Range = (0.3, 2) },
        new("Reciprocal", [2, 3]) { Range = (-2, -0.3) },
        new("Erf", [2, 3]) { Range = (-2, 2) },
        new("Sin", [2, 3]) { Range = (-4, 4) },
        new("Cos", [2, 3]) { Range = (-4, 4) },
        new("Tan", [2, 3]),
        new("Asin", [2, 3]) { Range = (-0.8, 0.8) },
        new("Acos", [2, 3]) { Range = (-0.8, 0.8) },
        new("Atan", [2, 3]) { Range = (-3, 3) },
        new("Sinh", [2, 3]),
        new("Cosh", [2, 3]),
        new("Asinh", [2, 3]) { Range = (-3, 3) },
        new("Acosh", [2, 3]) { Range = (1.3, 3) },
        new("Atanh", [2, 3]) { Range = (-0.8, 0.8) },
    ];
}
