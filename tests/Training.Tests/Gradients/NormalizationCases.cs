using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of normalization.</summary>
internal static class NormalizationCases
{
    private static readonly (double, double) Positive = (0.5, 2);

    public static readonly GradientCase[] Rows =
    [
        new("BatchNormalization", [2, 3, 4, 2], [3], [3], [3], [3]) { Ranges = { [4] = Positive } },
        new("BatchNormalization", [4, 3], [3], [3], [3], [3]) { Ranges = { [4] = Positive }, Attributes = [("epsilon", 0.1f)] },
        new("BatchNormalization", [2, 3, 5], [3], [3]) { Constants = Statistics },
        BatchStatistics([4, 3, 3, 2]),
        BatchStatistics([3, 3, 5]) with { Attributes = [("training_mode", 1), ("momentum", 0.5f), ("epsilon", 0.1f)] },
        BatchStatistics([2, 3, 2, 2, 2]),
        BatchStatistics([5, 3]),
        BatchStatisticsAsOutputs([5, 3]),
        BatchStatisticsAsOutputs([3, 3, 5]),
        BatchStatisticsAsOutputs([4, 3, 3, 2]),
        BatchStatisticsAsOutputs([2, 3, 2, 2, 2]),
        new("LayerNormalization", [4, 5], [5]),
        new("LayerNormalization", [4, 5], [5], [5]),
        new("LayerNormalization", [2, 3, 6], [6], [6]) { Attributes = [("epsilon", 0.1f)] },
        new("LayerNormalization", [2, 3, 6], [3, 6], [3, 6]) { Attributes = [("axis", 1)] },
        new("LayerNormalization", [2, 3, 4, 5], [4, 5], [4, 5]) { Attributes = [("axis", -2)] },
        new("LayerNormalization", [2, 3, 6], [6], [6]) { Note = "mean and deviation", Outputs = 3, Unused = [1, 2] },
        new("InstanceNormalization", [2, 3, 4, 5], [3], [3]),
        new("InstanceNormalization", [2, 3, 7], [3], [3]) { Attributes = [("epsilon", 0.1f)] },
        new("GroupNormalization", [2, 6, 3, 2], [6], [6]) { Attributes = [("num_groups", 2), InDouble] },
        new("GroupNormalization", [2, 4, 5], [4], [4]) { Attributes = [("num_groups", 4), ("epsilon", 0.1f), InDouble] },
        new("MeanVarianceNormalization", [2, 3, 4, 2]),
        new("MeanVarianceNormalization", [2, 3, 5]) { Attributes = [("axes", new long[] { 1, -1 })], Batch = false },
        new("LpNormalization", [3, 4]),
        new("LpNormalization", [2, 3, 4]) { Attributes = [("axis", 1), ("p", 2)] },
        new("LpNormalization", [3, 4]) { Attributes = [("p", 1)], Range = (0.2, 1) },
        new("LpNormalization", [2, 3, 4]) { Attributes = [("p", 1), ("axis", 1)], Range = (-1, -0.2) },
        GradientCase.Special("LpNormalization", [0, 0, 0], [0, 0, 0]),
        GradientCase.Special("LpNormalization", [1, 0, -3], [0.375, 0.25, 0.125], ("p", 1)),
        new("LRN", [2, 5, 3, 2]) { Attributes = [("size", 3), ("alpha", 0.5f)] },
        new("LRN", [2, 7, 3, 1]) { Attributes = [("size", 3), ("alpha", 0.9f), ("beta", 1.25f), ("bias", 2f)] },
        new("LRN", [2, 3, 2, 4]) { Attributes = [("size", 5), ("alpha", 0.7f)], Note = "window beyond the channels" },
    ];

    /// <summary>By default the operator computes in float32 whatever its inputs are, too coarse for differences in float64.</summary>
    private static (string, object?) InDouble => ("stash_type", ElementType.Double);

    private static Dictionary<int, TensorData> Statistics => new()
    {
        [3] = TensorData.FromFloats([0.1f, -0.2f, 0.3f], 3),
        [4] = TensorData.FromFloats([0.7f, 1.3f, 0.9f], 3),
    };

    private static GradientCase BatchStatistics(long[] x) => new("BatchNormalization", x, [3], [3])
    {
        Note = "batch statistics",
        Constants = Statistics,
        Attributes = [("training_mode", 1)],
        Outputs = 3,
        Unused = [1, 2],
    };

    /// <summary>As a training graph has them: without momentum, so that the running statistics are those of the batch.</summary>
    private static GradientCase BatchStatisticsAsOutputs(long[] x) =>
        BatchStatistics(x) with { Note = "batch statistics as outputs", Attributes = [("training_mode", 1), ("momentum", 0f), ("epsilon", 0.01f)] };
}
