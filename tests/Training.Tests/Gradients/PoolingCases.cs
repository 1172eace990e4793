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
    ];

    private static (string, object?) Ceil => ("ceil_mode", 1);

    private static (string, object?) CountPadding => ("count_include_pad", 1);

    private static GradientCase Max(long[] x, params (string, object?)[] attributes) => new("MaxPool", x) { Attributes = attributes };

    private static GradientCase Average(long[] x, params (string, object?)[] attributes) => new("AveragePool", x) { Attributes = attributes };

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
