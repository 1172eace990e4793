using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the reductions.</summary>
internal static class ReductionCases
{
    public static readonly GradientCase[] Rows =
    [
        .. new[] { "ReduceSum", "ReduceMean", "ReduceSumSquare" }.SelectMany(Forms),
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
