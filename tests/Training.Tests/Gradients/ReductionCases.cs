using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the reductions.</summary>
internal static class ReductionCases
{
    public static readonly GradientCase[] Rows =
    [
        .. new[] { "ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMin", "ReduceProd" }.SelectMany(Forms),
        .. Forms("ReduceL1").Concat(Forms("ReduceLogSum")).Select(c => c with { Range = (0.2, 2) }),
        new("ReduceL1", [2, 3]) { Range = (-2, -0.2) },
        GradientCase.Special("ReduceL1", [0, 2, -3], [0, 1, -1]),
        GradientCase.Special("ReduceL2", [0, 0, 0], [0, 0, 0]),
        GradientCase.Special("ReduceProd", [2, 0, -3], [0, -6, 0]),
        GradientCase.Special("ReduceProd", [0, 4, 0], [0, 0, 0]),
        GradientCase.Special("ReduceMax", [1, 1, 0], [0.5, 0.5, 0]),
        GradientCase.Special("ReduceMin", [2, 1, 2], [0, 1, 0]),
        GradientCase.Special("ReduceLogSumExp", [500, 500, -500], [0.5, 0.5, 0]),
    ];

    /// <summary>Axes left out, empty, negative, kept and not.</summary>
    private static IEnumerable<GradientCase> Forms(string opType) =>
    [
        new(opType, [2, 3]),
        new(opType, [2, 3]) { Attributes = [("keepdims", 0)] },
        new(opType, [[]]),
        Over(new(opType, [2, 3, 4]), 1),
        Over(new(opType, [2, 3, 4]) { Attributes = [("keepdims", 0)] }, -1),
        Over(new(opType, [2, 3, 4]) { Attributes = [("keepdims", 0)] }, 0, 2),
        Over(new(opType, [2, 3, 4]) { Attributes = [("keepdims", 0)] }, 0, 1, 2),
        Over(new(opType, [2, 3, 4]) { Attributes = [("noop_with_empty_axes", 1), ("keepdims", 0)] }),
        new(opType, [2, 3, 4]) { Attributes = [("noop_with_empty_axes", 1), ("keepdims", 0)], Note = "no axes" },
        Over(new(opType, [2, 3, 4]) { Attributes = [("keepdims", 0)] }),
        new(opType, [2, 3, 4]) { Computed = { [1] = TensorData.Vector(2, 0) } },
        new(opType, [2, 3, 4]) { Computed = { [1] = TensorData.Vector(1) }, Attributes = [("keepdims", 0)] },
    ];

    private static GradientCase Over(GradientCase c, params long[] axes) => c with
    {
        Constants = new() { [1] = TensorData.Vector(axes) },
    };
}
