using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the operators that move elements or give them another shape.</summary>
internal static class MovementCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Identity", [2, 3]),
        new("Cast", [2, 3]) { Attributes = [("to", ElementType.Double)] },
        new("Cast", [2, 3]) { Attributes = [("to", ElementType.Float)], DoubleTolerance = 1e-5, Formula = r => new() { [0] = r.Cotangents[0] } },
        new("CastLike", [2, 3]) { Constants = { [1] = TensorData.Scalar(1f) } },
        new("Reshape", [2, 6]) { Constants = { [1] = Longs(0, 3, -1) } },
        new("Reshape", [2, 6]) { Constants = { [1] = Longs(-1, 2) } },
        new("Reshape", [2, 3, 4]) { Constants = { [1] = Longs(-1) } },
        new("Reshape", [2, 6]) { Computed = { [1] = Longs(3, 4) }, Batch = false },
        new("Flatten", [2, 3, 4]),
        new("Flatten", [2, 3, 4]) { Attributes = [("axis", 0)] },
        new("Flatten", [2, 3, 4]) { Attributes = [("axis", -1)] },
        new("Squeeze", [2, 1, 3, 1]) { Constants = { [1] = Longs(1, -1) } },
        new("Squeeze", [2, 1, 3, 1]),
        new("Unsqueeze", [2, 3]) { Constants = { [1] = Longs(0, -1) } },
        new("Transpose", [2, 3]),
        new("Transpose", [2, 3, 4]) { Attributes = [("perm", new long[] { 2, 0, 1 })] },
        new("Concat", [2, 3]) { Attributes = [("axis", 0)] },
        new("Concat", [2, 3], [2, 4]) { Attributes = [("axis", -1)] },
        new("Concat", [2, 3], [1, 3], [3, 3]) { Attributes = [("axis", 0)] },
        new("Concat", null, [2, 3], [2, 1]) { Attributes = [("axis", 1)], Constants = { [0] = TensorData.FromFloats([1, 2], 2, 1) } },
        new("Split", [2, 6]) { Attributes = [("axis", 1)], Constants = { [1] = Longs(1, 3, 2) }, Outputs = 3 },
        new("Split", [2, 7]) { Attributes = [("axis", -1), ("num_outputs", 4)], Outputs = 4, Note = "last shorter" },
        new("Split", [2, 6]) { Attributes = [("axis", 1)], Constants = { [1] = Longs(1, 3, 2) }, Outputs = 3, Unused = [0, 2], Note = "one used" },
        new("Tile", [2, 3]) { Constants = { [1] = Longs(2, 3) } },
        new("Tile", [2, 3, 2]) { Computed = { [1] = Longs(1, 2, 1) }, Batch = false },
        new("Trilu", [3, 4]),
        new("Trilu", [2, 3, 4]) { Attributes = [("upper", 0)], Constants = { [1] = TensorData.Scalar(1L) } },
        new("DepthToSpace", [2, 8, 2, 3]) { Attributes = [("blocksize", 2)] },
        new("DepthToSpace", [2, 8, 2, 3]) { Attributes = [("blocksize", 2), ("mode", "CRD")] },
        new("SpaceToDepth", [2, 2, 4, 6]) { Attributes = [("blocksize", 2)] },
        new("CumSum", [3, 4]) { Constants = { [1] = TensorData.Scalar(1L) } },
        new("CumSum", [3, 4]) { Constants = { [1] = TensorData.Scalar(0L) }, Attributes = [("exclusive", 1), ("reverse", 1)] },
        .. Slices,
        .. Pads,
    ];

    private static GradientCase[] Slices =>
    [
        Slice([4, 5], [1, 0], [3, 4]),
        Slice([4, 5], [1], [-1], [1]),
        Slice([4, 5], [-3], [long.MaxValue], [-1]),
        Slice([4, 5, 3], [-100, 1], [100, 2], [1, 2], [1, 1]),
        Slice([4, 5], [3], [1], [1]) with { Note = "empty", Formula = _ => new() { [0] = new double[20] } },
        Slice([2, 7], [1], [7], [1], [2]),
        Slice([2, 8], [0, 0], [2, 8], [0, 1], [1, 3]),
        Slice([2, 7], [-1], [long.MinValue], [1], [-1]),
        Slice([2, 7], [5], [0], [1], [-2]),
        Slice([4, 5], [1], [-1], [0]) with { Batch = true, Note = "batch" },
        Slice([2, 4, 6, 3], [0, 1], [4, 6], [1, 2], [2, 2]),
        new("Slice", [3, 6])
        {
            Computed = { [1] = Longs(4, 1), [2] = Longs(0, 3), [4] = Longs(-3, 1) }, Constants = { [3] = Longs(1, 0) }, Batch = false, Note = "computed bounds",
        },
    ];

    private static GradientCase[] Pads =>
    [
        Pad("constant", [2, 3], [1, 0, 0, 2]),
        Pad("constant", [4, 5], [-1, 1, -2, -1]),
        new("Pad", [2, 3, 2], null, []) { Constants = { [1] = Longs(1, 2, 0, 1), [3] = Longs(-1, 1) }, Note = "value trained" },
        new("Pad", [2, 3]) { Computed = { [1] = Longs(0, 1, 0, 2) }, Batch = false },
        new("Pad", [2, 3, 4]) { Constants = { [1] = Longs(2, -1, 0, 1), [3] = Longs(-1, 1) } },
        new("Pad", [2, 3, 4]) { Computed = { [1] = Longs(1, -1), [3] = Longs(-2) }, Batch = false },
        Pad("reflect", [2, 4], [0, 2, 0, 3]),
        Pad("reflect", [2, 2, 3, 4], [0, 0, 1, 2, 0, 0, 2, 1]),
        Pad("edge", [2, 2, 3, 4], [0, 0, 1, 2, 0, 0, 2, 1]),
        Pad("edge", [3], [2, 3]),
        Pad("wrap", [2, 4], [0, 2, 0, 3]),
        Pad("edge", [2, 3, 4], [0, 1, 0, 0, 2, 0]),
        new("Pad", [2, 3, 4]) { Attributes = [("mode", "reflect")], Constants = { [1] = Longs(2, 1), [3] = Longs(1) } },
        new("Pad", [2, 3]) { Attributes = [("mode", "edge")], Computed = { [1] = Longs(0, 1, 0, 2) }, Batch = false },
    ];

    private static GradientCase Slice(long[] shape, long[] starts, long[] ends, long[]? axes = null, long[]? steps = null)
    {
        GradientCase result = new("Slice", shape) { Constants = { [1] = Longs(starts), [2] = Longs(ends) } };
        if (axes is not null)
            result.Constants[3] = Longs(axes);
        if (steps is not null)
            result.Constants[4] = Longs(steps);
        return result;
    }

    private static GradientCase Pad(string mode, long[] shape, long[] widths) =>
        new("Pad", shape) { Attributes = [("mode", mode)], Constants = { [1] = Longs(widths) } };

    private static TensorData Longs(params long[] values) => TensorData.Vector(values);
}
