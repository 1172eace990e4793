using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of operators of late versions that write or accumulate along an axis.</summary>
internal static class CacheCases
{
    public static readonly GradientCase[] Rows =
    [
        new("TensorScatter", [2, 3, 5, 2], [2, 3, 2, 2]) { Opset = 24, Constants = { [2] = TensorData.Vector(0, 3) }, Batch = false },
        new("TensorScatter", [2, 5, 3], [2, 2, 3]) { Opset = 24, Constants = { [2] = TensorData.Vector(4, 1) }, Attributes = [("axis", 1), ("mode", "circular")], Batch = false },
        new("TensorScatter", [2, 5, 3], [2, 2, 3]) { Opset = 24 },
        .. Products.Select(c => c with { Opset = 26 }),
    ];

    private static GradientCase[] Products =>
    [
        new("CumProd", [2, 5]) { Constants = { [1] = TensorData.Scalar(1L) } },
        new("CumProd", [3, 4]) { Constants = { [1] = TensorData.Scalar(0L) }, Attributes = [("exclusive", 1)], Batch = false },
        new("CumProd", [2, 3, 2]) { Constants = { [1] = TensorData.Scalar(-2L) }, Attributes = [("reverse", 1)] },
        new("CumProd", [2, 6]) { Constants = { [1] = TensorData.Scalar(1L) }, Attributes = [("reverse", 1), ("exclusive", 1)] },
        new("CumProd", [2, 4]) { Constants = { [1] = TensorData.Scalar(1L) }, Values = { [0] = [2, 0, 3, 4, 0, 5, 0, 6] }, Note = "zeros" },
    ];
}
