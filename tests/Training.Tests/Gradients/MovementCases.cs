using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the operators that move elements or give them another shape.</summary>
internal static class MovementCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Identity", [2, 3]),
        new("Cast", [2, 3]) { Attributes = [("to", ElementType.Double)], DoubleTolerance = 1e-8 },
        new("Cast", [2, 3]) { Attributes = [("to", ElementType.Float)], DoubleTolerance = 1e-5, Formula = r => new() { [0] = r.Cotangents[0] } },
        new("Reshape", [2, 6]) { Constants = { [1] = TensorData.Vector(0, 3, -1) } },
        new("Reshape", [2, 6]) { Feeds = { [1] = TensorData.Vector(3, 4) }, Batch = false },
        new("Flatten", [2, 3, 4]),
        new("Flatten", [2, 3, 4]) { Attributes = [("axis", 0)] },
        new("Flatten", [2, 3, 4]) { Attributes = [("axis", -1)] },
        new("Squeeze", [2, 1, 3, 1]) { Constants = { [1] = TensorData.Vector(1, -1) } },
        new("Squeeze", [2, 1, 3, 1]),
        new("Unsqueeze", [2, 3]) { Constants = { [1] = TensorData.Vector(0, -1) } },
    ];
}
