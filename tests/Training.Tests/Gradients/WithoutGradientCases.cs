using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the operators that pass no gradient on.</summary>
internal static class WithoutGradientCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Equal", [2, 3], [3]),
        new("Greater", [2, 3], [3]),
        new("GreaterOrEqual", [2, 3], [3]),
        new("Less", [2, 3], [3]),
        new("LessOrEqual", [2, 3], [3]),
        new("IsInf", [2, 3]),
        new("IsNaN", [2, 3]),
        new("NonZero", [2, 3]),
        new("ArgMax", [2, 3]),
        new("ArgMin", [2, 3]),
        new("Shape", [2, 3]),
        new("Size", [2, 3]),
        new("Floor", [2, 3]),
        new("Ceil", [2, 3]),
        new("Round", [2, 3]),
        new("Sign", [2, 3]),
        new("EyeLike", [3, 3]),
        new("RandomNormalLike", [2, 3]),
        new("RandomUniformLike", [2, 3]),
        new("Multinomial", [2, 3]),
        new("Bernoulli", [2, 3]) { Range = (0, 1) },
        new("Hardmax", [2, 3]),
        new("MelWeightMatrix", null, null, null, [], [])
        {
            Constants = { [0] = TensorData.Scalar(4L), [1] = TensorData.Scalar(8L), [2] = TensorData.Scalar(8000L) }, Ranges = { [3] = (0, 1), [4] = (3000, 4000) },
        },
        new("NonMaxSuppression", [1, 3, 4], [1, 2, 3]) { Batch = false },
        new("OptionalHasElement", [2, 3]),
        new("BitCast", [2, 3]) { Opset = 26, Attributes = [("to", ElementType.Int32)] },
        new("OneHot", null, null, [2]) { Constants = { [0] = TensorData.Vector(0, 2), [1] = TensorData.Scalar(3L) } },
        new("Range", null, []) { Constants = { [0] = TensorData.Scalar(0f), [2] = TensorData.Scalar(1f) } },
    ];
}
