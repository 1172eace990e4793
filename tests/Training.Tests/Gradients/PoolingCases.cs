using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of pooling.</summary>
internal static class PoolingCases
{
    public static readonly GradientCase[] Rows =
    [
        Max([2, 3, 6, 8], Kernel(2, 2), Strides(2, 2)),
        Max([2, 3, 7, 8], Kernel(2, 2), Strides(2, 2)) with { Note = "a row left over" },
        Max([2, 3, 7, 8], Kernel(2, 2), Strides(2, 2), Ceil),
        Max([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1)),
        Max([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), Ceil),
        Max([2, 3, 5, 6], Kernel(3, 2)) with { Note = "stride 1" },
        Max([2, 3, 7, 8], Kernel(2, 2), Dilations(2, 3)),
        Max([2, 3, 7, 8], Kernel(2, 2), Strides(3, 3)) with { Note = "gaps" },
        Max([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), ("auto_pad", "SAME_UPPER")),
        Max([2, 3, 9], Kernel(3), Strides(2L)),
        Max([2, 2, 4, 4, 6], Kernel(2, 2, 2), Strides(2, 2, 2)),
        Max([2, 2, 5, 5, 5], Kernel(3, 3, 3), Strides(2, 2, 2), Pads(1, 1, 1, 1, 1, 1)),
        Tie([1, 1, 2, 4], [1, 1, 3, 2, 1, 1, 2, 3], [1, 0, 1, 0, 0, 0, 0, 0], Kernel(2, 2), Strides(2, 2)),
        Tie([1, 1, 3, 3], [5, 5, 5, 5, 5, 5, 5, 5, 5], [1, 1, 0, 1, 1, 0, 0, 0, 0], Kernel(2, 2)),
        Tie([1, 1, 2, 4], [0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0], Kernel(2, 3)),
        Tie([1, 1, 3, 3], new double[9], [1, 1, 0, 1, 1, 0, 0, 0, 0], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1)),      // windows begin in the padding
        Tie([1, 1, 4, 4], new double[16], [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0], Kernel(3, 3), Strides(2, 2), Ceil),
        Average([2, 3, 6, 8], Kernel(2, 2), Strides(2, 2)),
        Average([2, 3, 7, 8], Kernel(2, 2), Strides(2, 2)) with { Note = "a row left over" },
        Average([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1)),
        Average([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1), CountPadding),
        Average([2, 3, 5, 6], Kernel(3, 3), Pads(1, 1, 1, 1)) with { Note = "stride 1" },
        Average([2, 3, 5, 6], Kernel(3, 3), Pads(1, 1, 1, 1), CountPadding) with { Note = "stride 1" },
        Average([2, 3, 5, 6], Kernel(3, 2), Pads(0, 1, 1, 0)) with { Note = "uneven padding" },
        Average([2, 3, 6, 8], Kernel(3, 3), Strides(2, 2), Ceil),
        Average([2, 3, 6, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1), Ceil),
        Average([2, 3, 6, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1), Ceil, CountPadding),
        Average([2, 3, 7, 8], Kernel(2, 2), Dilations(2, 3)),
        Average([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), ("auto_pad", "SAME_UPPER")),
        Average([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), ("auto_pad", "SAME_LOWER")),
        Average([2, 3, 9], Kernel(3), Strides(2L)),
        Average([2, 2, 5, 5, 5], Kernel(3, 3, 3), Strides(2, 2, 2), Pads(1, 1, 1, 1, 1, 1)),
        new("GlobalAveragePool", [2, 3, 4, 5]),
        new("GlobalAveragePool", [2, 3, 7]),
        new("GlobalMaxPool", [2, 3, 2, 5]) { Values = { [0] = Distinct(60) } },
        new("GlobalMaxPool", [1, 2, 3]) { Note = "ties", Values = { [0] = [1, 2, 2, 4, 4, 4] }, UnitGradient = true, Formula = _ => new() { [0] = [0, 1, 0, 1, 0, 0] } },
        Max([2, 3, 6, 8], Kernel(2, 2), Strides(2, 2)) with { Outputs = 2, Note = "with indices" },
        Max([2, 3, 7, 8], Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1)) with { Outputs = 2, Note = "with indices" },
        Max([2, 3, 6, 8], Kernel(2, 2), Strides(2, 2), ("storage_order", 1)) with { Outputs = 2, Note = "with indices" },
        new("MaxUnpool", [1, 2, 2, 2]) { Constants = { [1] = TensorData.FromLongs([0, 3, 8, 15, 21, 18, 26, 31], 1, 2, 2, 2) }, Attributes = [Kernel(2, 2), Strides(2, 2)] },
        new("MaxUnpool", [1, 1, 2, 2]) { Constants = { [1] = TensorData.FromLongs([0, 8, 24, 17], 1, 1, 2, 2), [2] = TensorData.Vector(1, 1, 5, 5) }, Attributes = [Kernel(2, 2), Strides(2, 2)] },
        new("MaxUnpool", [2, 1, 3]) { Computed = { [1] = TensorData.FromLongs([1, 2, 4, 7, 8, 11], 2, 1, 3) }, Attributes = [Kernel(2), Strides(2L)], Batch = false },
        .. from p in (long[])[1, 2, 3, 4] select Lp([2, 3, 6, 8], p, Kernel(2, 2), Strides(2, 2)),
        Lp([2, 3, 7, 8], 2, Kernel(3, 3), Strides(2, 2), Pads(1, 1, 1, 1)),
        Lp([2, 3, 7, 8], 3, Kernel(3, 2), Pads(0, 1, 1, 0)) with { Note = "stride 1" },
        Lp([2, 3, 6, 8], 2, Kernel(3, 3), Strides(2, 2), Ceil),
        Lp([2, 3, 7, 8], 2, Kernel(2, 2), Dilations(2, 3)),
        Lp([2, 3, 7, 8], 2, Kernel(3, 3), Strides(2, 2), ("auto_pad", "SAME_UPPER")),
        Lp([2, 3, 9], 2, Kernel(3), Strides(2L)),
        Lp([2, 2, 5, 5, 5], 2, Kernel(3, 3, 3), Strides(2, 2, 2), Pads(1, 1, 1, 1, 1, 1)),
        .. from p in (long[])[1, 2, 3] select Zeros(p),
        new("GlobalLpPool", [2, 3, 4, 5]),
        new("GlobalLpPool", [2, 3, 7]) { Attributes = [("p", 3)] },
        new("GlobalLpPool", [2, 3, 2, 3]) { Attributes = [("p", 1)], Values = { [0] = Distinct(36) } },
        new("GlobalLpPool", [1, 2, 3]) { Note = "zeros", Values = { [0] = [0, 0, 0, 0, 3, -4] }, UnitGradient = true, Formula = _ => new() { [0] = [0, 0, 0, 0, 0.6, -0.8] } },
    ];

    private static (string, object?) Ceil => ("ceil_mode", 1);

    private static (string, object?) CountPadding => ("count_include_pad", 1);

    private static GradientCase Max(long[] x, params (string, object?)[] attributes) => new("MaxPool", x) { Attributes = attributes };

    private static GradientCase Average(long[] x, params (string, object?)[] attributes) => new("AveragePool", x) { Attributes = attributes };

    /// <summary>Away from zero, near which float32 differences are rough; some elements are negative.</summary>
    private static GradientCase Lp(long[] x, long p, params (string, object?)[] attributes) => new("LpPool", x)
    {
        Attributes = [("p", p), .. attributes],
        Values = { [0] = [.. Enumerable.Range(0, (int)x.Aggregate(1L, (a, b) => a * b)).Select(i => (i % 3 == 0 ? -1 : 1) * (0.5 + (i * 37 % 64 / 64.0)))] },
    };

    /// <summary>Elements that are 0, alone and with all of their window.</summary>
    private static GradientCase Zeros(long p) => new("LpPool", [1, 1, 6])
    {
        Note = "zeros",
        Attributes = [("p", p), Kernel(2), Strides(2L)],
        Values = { [0] = [0, 0, 0, -3, 1e-10, 0] },
        UnitGradient = true,
        Formula = _ => new() { [0] = [0, 0, 0, -1, 1, 0] },
    };

    /// <summary>The first maximum of a window gets its gradient, as in PyTorch.</summary>
    private static GradientCase Tie(long[] shape, double[] x, double[] gradient, params (string, object?)[] attributes) =>
        Max(shape, attributes) with { Note = "ties", Values = new() { [0] = x }, UnitGradient = true, Formula = _ => new() { [0] = gradient } };

    /// <summary>Further apart than the step of the finite differences, in no order.</summary>
    private static double[] Distinct(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * 37 % count) - (count / 2)) * 0.1)];

    private static (string, object?) Kernel(params long[] kernel) => ("kernel_shape", kernel);

    private static (string, object?) Strides(params long[] strides) => ("strides", strides);

    private static (string, object?) Pads(params long[] pads) => ("pads", pads);

    private static (string, object?) Dilations(params long[] dilations) => ("dilations", dilations);
}
