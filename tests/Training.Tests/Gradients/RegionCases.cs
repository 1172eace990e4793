using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of pooling of regions.</summary>
internal static class RegionCases
{
    private static readonly long[] Cells = [2, 3];

    public static readonly GradientCase[] Rows =
    [
        new("MaxRoiPool", [2, 2, 5, 6]) { Attributes = [("pooled_shape", Cells)], Constants = { [1] = Regions([0, 0, 0, 5, 4], [1, 1, 2, 4, 3], [1, 3, 1, 3, 1]) } },
        new("MaxRoiPool", [2, 2, 5, 6]) { Attributes = [("pooled_shape", Cells), ("spatial_scale", 0.5f)], Constants = { [1] = Regions([1, 1, 3, 9, 7], [0, 2, 0, 30, 30]) } },
        new("MaxRoiPool", [1, 1, 4, 4]) { Attributes = [("pooled_shape", Cells)], Constants = { [1] = Regions([0, 3, 3, 9, 9]) }, Note = "cells outside of the image" },
    ];

    private static TensorData Regions(params float[][] regions) => TensorData.FromFloats([.. regions.SelectMany(r => r)], regions.Length, 5);
}
