using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of Resize: every mode, rounding and kind of coordinates.</summary>
internal static class ResizeCases
{
    public static readonly GradientCase[] Rows =
    [
        Scaled([2, 3, 3, 4], [2, 2], Mode("nearest"), Coordinates("asymmetric"), Rounding("floor")) with { Note = "as PyTorch" },
        Scaled([2, 3, 3, 4], [2, 3], Mode("nearest")),
        Scaled([2, 3, 3, 4], [3, 1], Mode("nearest"), Coordinates("tf_half_pixel_for_nn"), Rounding("floor")),
        Scaled([2, 3, 4], [3], Mode("nearest"), Coordinates("pytorch_half_pixel"), Rounding("round_prefer_ceil")),
        Scaled([2, 2, 2, 3, 2], [2, 2, 3], Mode("nearest"), Coordinates("asymmetric"), Rounding("floor")),
        Sized([2, 3, 3, 4], [9, 8], Mode("nearest"), Coordinates("asymmetric"), Rounding("floor")),
        Sized([2, 3, 3, 4], [7, 6], Mode("nearest"), Coordinates("asymmetric"), Rounding("floor")),
        .. AllRoundings(),
        .. AllCoordinates(),
        new("Resize", [4, 3]) { Constants = { [2] = TensorData.FromFloats([1.6f, 2], 2) }, Attributes = [Mode("nearest")], Batch = false },
        new("Resize", [5]) { Constants = { [2] = TensorData.FromFloats([1.7f], 1) }, Attributes = [Mode("nearest")], Batch = false },
        new("Resize", [2, 3, 4, 2, 3]) { Constants = { [2] = TensorData.FromFloats([2, 1.5f, 1, 2, 0.7f], 5) }, Attributes = [Mode("nearest")], Batch = false },
        new("Resize", [4, 3]) { Constants = { [2] = TensorData.FromFloats([1.6f, 2], 2) }, Attributes = [Mode("linear")], Batch = false },
        new("Resize", [4, 3]) { Constants = { [2] = TensorData.FromFloats([1.6f, 2], 2) }, Attributes = [Mode("cubic")], Batch = false },
        new("Resize", [2, 3, 4, 2]) { Note = "channels last", Constants = { [2] = TensorData.FromFloats([1, 2, 1.5f, 1], 4) }, Attributes = [Mode("linear")] },
        Scaled([2, 2, 4, 3], [2, 1.7f], Mode("linear"), Coordinates("align_corners")),
        Scaled([2, 2, 4], [1.7f], Mode("linear")),
        Scaled([2, 2, 2, 3, 4], [2, 0.7f, 1.5f], Mode("linear")),
        Sized([2, 2, 2, 3, 4], [3, 5, 2], Mode("linear"), Coordinates("align_corners")),
        Sized([2, 2, 5, 7], [1, 3], Mode("linear"), Coordinates("pytorch_half_pixel")),
        Scaled([2, 2, 6, 5], [0.5f, 0.6f], Mode("linear"), Antialias),
        Scaled([2, 2, 6, 5], [0.5f, 1.6f], Mode("cubic"), Antialias),
        Sized([2, 2, 6, 5], [2, 4], Mode("cubic"), Antialias, Coordinates("align_corners"), ("exclude_outside", 1)),
        Scaled([2, 2, 4, 5], [2, 1.5f], Mode("cubic"), ("exclude_outside", 1)),
        Scaled([2, 2, 4, 5], [2, 1.5f], Mode("cubic"), ("cubic_coeff_a", -0.5f), Coordinates("align_corners")),
        Cropped([0, 0, 0.2f, -0.3f, 1, 1, 0.7f, 1.4f], Mode("nearest")),
        Cropped([0, 0, 0.2f, -0.3f, 1, 1, 0.7f, 1.4f], Mode("linear")),
        Cropped([0, 0, 0.2f, -0.3f, 1, 1, 0.7f, 1.4f], Mode("cubic")),
        Cropped([0, 0, 0.9f, 0.1f, 1, 1, 0.1f, 0.8f], Mode("linear")) with { Note = "turned round" },
        new("Resize", [2, 2, 4, 5])
        {
            Constants = { [1] = TensorData.FromFloats([0.2f, -0.3f, 0.7f, 1.4f], 4), [3] = TensorData.FromLongs([6, 4], 2) },
            Attributes = [Mode("linear"), Coordinates("tf_crop_and_resize"), ("axes", new long[] { -1, 2 })],
        },
        Along([3, -2], [2f, 1.5f], Mode("cubic")),
        Along([1, 2], [2f, 1.5f], Mode("nearest")),
        Policy("not_larger", [7, 11], Mode("linear")),
        Policy("not_smaller", [7, 11], Mode("cubic")),
        Policy("not_larger", [11, 7], Mode("nearest")),
        new("Resize", [2, 3, 3, 4]) { Computed = { [2] = TensorData.FromFloats([1, 1, 2, 1.5f], 4) }, Attributes = [Mode("linear")] },
        new("Resize", [2, 3, 3, 4]) { Computed = { [3] = TensorData.FromLongs([2, 3, 5, 8], 4) }, Attributes = [Mode("nearest")], Batch = false },
    ];

    private static (string, object?) Antialias => ("antialias", 1);

    private static (string, object?) Mode(string mode) => ("mode", mode);

    private static (string, object?) Coordinates(string mode) => ("coordinate_transformation_mode", mode);

    private static (string, object?) Rounding(string mode) => ("nearest_mode", mode);

    private static IEnumerable<GradientCase> AllRoundings() =>
        from rounding in (string[])["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
        from coordinates in (string[])["half_pixel", "asymmetric", "align_corners", "tf_half_pixel_for_nn"]
        from scale in (float[])[2, 0.6f]
        select Scaled([2, 2, 5, 4], [scale, 1.5f], Mode("nearest"), Coordinates(coordinates), Rounding(rounding));

    private static IEnumerable<GradientCase> AllCoordinates() =>
        from mode in (string[])["linear", "cubic"]
        from coordinates in (string[])["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric"]
        from scale in (float[])[1.7f, 0.6f]
        select Scaled([2, 2, 5, 4], [scale, 2], Mode(mode), Coordinates(coordinates));

    private static GradientCase Scaled(long[] x, float[] spatial, params (string, object?)[] attributes) => new("Resize", x)
    {
        Attributes = attributes,
        Constants = { [2] = TensorData.FromFloats([1, 1, .. spatial], x.Length) },
    };

    private static GradientCase Sized(long[] x, long[] spatial, params (string, object?)[] attributes) => new("Resize", x)
    {
        Attributes = [.. attributes, ("axes", Enumerable.Range(2, spatial.Length).Select(i => (long)i).ToArray())],
        Constants = { [3] = TensorData.Vector(spatial) },
    };

    private static GradientCase Along(long[] axes, float[] scales, params (string, object?)[] attributes) => new("Resize", [2, 3, 3, 4])
    {
        Attributes = [.. attributes, ("axes", axes)],
        Constants = { [2] = TensorData.FromFloats(scales, scales.Length) },
    };

    private static GradientCase Cropped(float[] roi, params (string, object?)[] attributes) => new("Resize", [2, 2, 4, 5])
    {
        Attributes = [.. attributes, Coordinates("tf_crop_and_resize"), ("extrapolation_value", 7f)],
        Constants = { [1] = TensorData.FromFloats(roi, 8), [2] = TensorData.FromFloats([1, 1, 1.5f, 1.3f], 4) },
    };

    private static GradientCase Policy(string policy, long[] sizes, params (string, object?)[] attributes) => new("Resize", [2, 2, 4, 5])
    {
        Attributes = [.. attributes, ("keep_aspect_ratio_policy", policy), ("axes", new long[] { 2, 3 })],
        Constants = { [3] = TensorData.Vector(sizes) },
    };
}
