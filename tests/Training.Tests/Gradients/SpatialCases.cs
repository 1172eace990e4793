using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of operators that resample images or cut them out.</summary>
internal static class SpatialCases
{
    public static readonly GradientCase[] Rows =
    [
        .. from mode in (string[])["linear", "cubic"]
           from padding in (string[])["zeros", "border", "reflection"]
           from aligned in (int[])[0, 1]
           select GridSample([2, 3, 4, 5], [2, 3, 6, 2], mode, padding, aligned),
        .. from padding in (string[])["zeros", "border", "reflection"]
           select GridSample([2, 2, 3, 4, 3], [2, 2, 3, 4, 3], "linear", padding, 0),
        GridSample([2, 2, 3, 1], [2, 3, 3, 2], "linear", "reflection", 1) with { Note = "one column" },
        .. from padding in (string[])["zeros", "border", "reflection"]
           from aligned in (int[])[0, 1]
           select Nearest(padding, aligned),
        new("GridSample", [1, 2, 2, 3, 2])
        {
            Attributes = [("mode", "nearest"), ("padding_mode", "reflection")],
            Constants = { [1] = TensorData.FromFloats([.. Enumerable.Range(0, 12).Select(i => 1.9f * MathF.Sin(1 + (i * 1.7f)))], 1, 1, 2, 2, 3) },
        },
        .. from mode in (string[])["avg", "max"]
           from ratio in (int[])[0, 2]
           from scale in (float[])[1, 0.5f]
           from coordinates in (string[])["half_pixel", "output_half_pixel"]
           select RoiAlign(mode, ratio, scale, coordinates),
        new("DeformConv", [2, 2, 4, 5], [3, 2, 2, 2], [2, 8, 3, 4], [3], [2, 4, 3, 4]) { Ranges = { [2] = (-1.7, 1.7) } },
        new("DeformConv", [2, 2, 4, 5], [3, 2, 2, 2], [2, 8, 3, 4]) { Ranges = { [2] = (-1.7, 1.7) } },
        new("DeformConv", [2, 4, 5, 5], [6, 2, 3, 2], [2, 24, 3, 4], null, [2, 12, 3, 4])
        {
            Ranges = { [2] = (-1.7, 1.7) },
            Attributes = [("group", 2), ("offset_group", 2), ("strides", new long[] { 2, 1 }), ("pads", new long[] { 1, 0, 1, 1 }), ("dilations", new long[] { 1, 2 })],
        },
        new("DeformConv", null, null, [1, 8, 2, 2])
        {
            Note = "offsets of zero, as deform_conv_kinks.py prints",
            Constants = { [0] = TensorData.FromFloats([1, 4, 2, 7, 3, 8, 5, 0, 6, 1, 8, 4, 2, 9, 3, 5, 4, 1], 1, 1, 3, 6), [1] = TensorData.FromFloats([1, 2, 3, 4], 1, 1, 2, 2) },
            Attributes = [("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }), ("dilations", new long[] { 1, 4 })],
            Values = { [2] = new double[32] },
            UnitGradient = true,
            Formula = _ => new() { [2] = [0, 4, 0, 9, 0, 0, 5, 6, 14, 16, 8, -6, 0, 0, 14, -8, 0, -12, 0, -27, 3, -6, 6, -18, -24, -16, -20, -4, -16, -32, -4, -4] },
        },
        CenterCropPad([2, 3, 7, 4], [3, 9], 2, 3),
        CenterCropPad([2, 3, 6, 5], [3, 8], 2, -1),
        CenterCropPad([2, 3, 5, 6], [8, 3, 7], 3, 1, 2) with { Note = "axes in another order" },
        new("CenterCropPad", [2, 5]) { Constants = { [1] = TensorData.Vector(3, 4) }, Batch = false },
        Col2Im([2, 8, 9], [4, 4], [2, 2]),
        Col2Im([2, 12, 12], [5, 5], [2, 3], ("strides", new long[] { 2, 1 }), ("pads", new long[] { 1, 1, 0, 0 })),
        Col2Im([2, 4, 6], [6, 6], [2, 2], ("dilations", new long[] { 3, 2 }), ("strides", new long[] { 1, 2 })),
        Col2Im([1, 6, 4], [5], [2], ("pads", new long[] { 0, 0 })),
        AffineGrid([2, 2, 3], 2, 1, 3, 4),
        AffineGrid([2, 2, 3], 2, 1, 3, 4) with { Attributes = [("align_corners", 1)] },
        AffineGrid([2, 3, 4], 2, 1, 2, 3, 4),
    ];

    private static GradientCase GridSample(long[] x, long[] grid, string mode, string padding, int aligned) => new("GridSample", x, grid)
    {
        Attributes = [("mode", mode), ("padding_mode", padding), ("align_corners", aligned)],
        Ranges = { [1] = (-1.9, 1.9) },
    };

    private static GradientCase Nearest(string padding, int aligned) => new("GridSample", [2, 3, 4, 5])
    {
        Attributes = [("mode", "nearest"), ("padding_mode", padding), ("align_corners", aligned)],
        Constants = { [1] = TensorData.FromFloats([.. Enumerable.Range(0, 24).Select(i => 1.9f * MathF.Sin(1 + (i * 1.7f)))], 2, 3, 2, 2) },
        Batch = false,
    };

    /// <summary>Regions inside and across the border, thinner than an element, turned round, and outside; both images, one twice as often.</summary>
    private static GradientCase RoiAlign(string mode, int ratio, float scale, string coordinates) => new("RoiAlign", [2, 3, 7, 8])
    {
        Attributes = [("mode", mode), ("sampling_ratio", ratio), ("spatial_scale", scale), ("coordinate_transformation_mode", coordinates), ("output_height", 3), ("output_width", 2)],
        Constants =
        {
            [1] = TensorData.FromFloats([0, 0, 5, 5, 2, 1, 12, 13, -3, -4, 3, 2, 6.25f, 5.125f, 6.5f, 5.25f, 5, 5, 4, 3, 20, 20, 25, 25], 6, 4),
            [2] = TensorData.FromLongs([0, 1, 1, 0, 1, 0], 6),
        },
    };

    private static GradientCase CenterCropPad(long[] x, long[] sizes, params long[] axes) => new("CenterCropPad", x)
    {
        Attributes = [("axes", axes)],
        Constants = { [1] = TensorData.Vector(sizes) },
    };

    private static GradientCase Col2Im(long[] x, long[] image, long[] block, params (string, object?)[] attributes) => new("Col2Im", x)
    {
        Attributes = attributes,
        Constants = { [1] = TensorData.Vector(image), [2] = TensorData.Vector(block) },
    };

    private static GradientCase AffineGrid(long[] theta, params long[] size) => new("AffineGrid", theta)
    {
        Constants = { [1] = TensorData.Vector(size) },
        Batch = false,
    };
}
