using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>
/// Rows of GridSample at the borders of the image, in the folds of its reflection and on its elements, where the slopes on both sides differ:
/// PyTorch's choice, printed by grid_sample_kinks.py.
/// </summary>
internal static class GridSampleKinks
{
    public static readonly GradientCase[] Rows =
    [
        Row("linear", "zeros", 0, [0, 0, 10, 0, 10, -2.25, -10, -4.5, 12, 13.5, -10, -1.875, -2, 6, -2, 3, 0, 0, 0, 0]),
        Row("linear", "zeros", 1, [0, 0, 10, 0, 10, -1.5, -10, -3, 12, 9, -10, -1.25, -16, -4, -16, -2, 0, 0, 0, 0]),
        Row("linear", "border", 0, [0, -4.5, 0, -4.5, 0, -4.5, 0, -4.5, 12, 13.5, -10, -1.875, 0, 6, 0, 6, 0, 6, 0, 6]),
        Row("linear", "border", 1, [0, -3, 0, -3, 0, -3, 0, -3, 12, 9, -10, -1.25, 0, -4, 0, -4, 0, -4, 0, -4]),
        Row("linear", "reflection", 0, [-12, 13.5, 0, -4.5, 0, -4.5, 0, -4.5, 12, 13.5, -10, -1.875, 0, 6, 0, 6, 0, 6, 10, -4.5]),
        Row("linear", "reflection", 1, [10, -3, -12, 9, 10, 3, 0, -3, 12, 9, -10, -1.25, 0, -4, -14, 0, -14, 4, 10, -3]),
        Row("cubic", "zeros", 0, [0, 0, 7.5, 0, 13.125, 0.140625, 0, 1.125, 1.5, 5.625, -8.15625, -0.193359375, -9, -2.25, -0.375, -1.44140625, -1.5, 0, 0, 0]),
        Row("cubic", "zeros", 1, [0, 0, 7.5, 0, 13.125, 0.09375, 0, 0.75, 1.5, 3.75, -11.90625, -0.1552734375, -1.5, 0.75, -20.625, 0.5859375, -12, 0, 0, 0]),
        Row("cubic", "border", 0, [0, 1.125, 0, 1.125, 1.875, 0.703125, -7.5, 1.125, 1.5, 5.625, -8.625, -0.1142578125, -7.5, -2.25, 1.875, -2.56640625, 0, -2.25, 0, -2.25]),
        Row("cubic", "border", 1, [0, 0.75, 0, 0.75, 1.875, 0.46875, -7.5, 0.75, 1.5, 3.75, -11.90625, -0.1552734375, 10.5, 0.75, -2.625, 0.9609375, 0, 0.75, 0, 0.75]),
        Row("cubic", "reflection", 0, [-1.5, 5.625, 7.5, 1.125, 0, 0.28125, -7.5, 1.125, 1.5, 5.625, -8.625, -0.1142578125, -7.5, -2.25, 0, -2.8828125, 7.5, -2.25, -1.5, 1.125]),
        Row("cubic", "reflection", 1, [-1.5, 0.75, -1.5, 3.75, 15.375, 2.25, 0, 0.75, 1.5, 3.75, -11.90625, -0.1552734375, 0, 0.75, -20.25, -0.375, -3, -1.5, -1.5, 0.75]),
    ];

    private static GradientCase Row(string mode, string padding, int aligned, double[] expected) => new("GridSample", null, [1, 1, 10, 2])
    {
        Note = "kinks",
        Attributes = [("mode", mode), ("padding_mode", padding), ("align_corners", aligned)],
        Constants = { [0] = aligned == 1
            ? TensorData.FromFloats([1, 4, 2, 7, 3, 5, 0, 6, 1, 8, 2, 9, 3, 5, 4], 1, 1, 3, 5)
            : TensorData.FromFloats([1, 4, 2, 7, 5, 0, 6, 1, 2, 9, 3, 5], 1, 1, 3, 4) },
        Values = { [1] = [.. Places(aligned == 1 ? 4 : 3).SelectMany(p => (double[])[aligned == 1 ? (p / 2) - 1 : (((2 * p) + 1) / 4) - 1, 0])] },
        UnitGradient = true,
        Formula = _ => new() { [1] = expected },
    };

    private static double[] Places(int last) => [-2, -1, -0.5, 0, 1, 2.25, last, last + 0.5, last + 1, last + 2];
}
