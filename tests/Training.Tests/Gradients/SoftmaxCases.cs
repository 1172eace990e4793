namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of softmax.</summary>
internal static class SoftmaxCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Softmax", [3, 4]),
        new("Softmax", [2, 3, 4]) { Attributes = [("axis", 1)] },
        new("Softmax", [2, 3, 4]) { Attributes = [("axis", -2)], Range = (-5, 5) },
        new("Softmax", [5]) { Attributes = [("axis", 0)] },
        new("LogSoftmax", [3, 4]),
        new("LogSoftmax", [2, 3, 4]) { Attributes = [("axis", 1)], Range = (-5, 5) },
        new("LogSoftmax", [5]) { Attributes = [("axis", 0)] },
    ];
}
