using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the operators that read or write at indices; indices repeat, and count from the end.</summary>
internal static class IndexingCases
{
    public static readonly GradientCase[] Rows =
    [
        Gather([4, 3], Indices([0, 2, 2, -1]), 0),
        Gather([4, 3], Indices([3, 0, -4, 3], 2, 2), 0),
        Gather([2, 4, 3], Indices([1, 1, 3], 1, 3), 1),
        Gather([2, 3, 5], Indices([4, 0, 4, 1, 1, -1], 2, 3), -1),
        Gather([2, 3, 5], TensorData.Scalar(1L), 1),
        Gather([2, 3, 5], TensorData.Scalar(-1L), -1),
        Gather([2, 3, 5], Indices([2], 1), 1),
        Gather([2, 3, 5], Indices([2], 1, 1), 1),
        Gather([3, 2], TensorData.Scalar(0L), 0),
        Gather([3, 2], Int32([2, 0, 2]), 0),
        new("Gather", [2, 4, 3]) { Attributes = [("axis", 1)], Computed = { [1] = Indices([1, -1, 1], 3) } },
        new("Gather", [4, 3]) { Computed = { [1] = TensorData.Scalar(-2L) } },
        new("Gather", [70, 30]) { Computed = { [1] = Indices([.. Enumerable.Range(0, 5000).Select(i => i * i % 70L)], 5000) }, Note = "many duplicates" },
        new("GatherElements", [3, 4]) { Attributes = [("axis", 0)], Constants = { [1] = Indices([0, 2, 2, -1, 1, 0, 0, 0], 2, 4) } },
        new("GatherElements", [3, 4]) { Attributes = [("axis", -1)], Computed = { [1] = Indices([0, 3, 3, 1, 1, 1], 3, 2) }, Batch = false },
        new("GatherND", [3, 4]) { Constants = { [1] = Indices([0, 1, 2, 3, 0, 1], 3, 2) } },
        new("GatherND", [3, 4]) { Computed = { [1] = Indices([2, 0, 2], 3, 1) } },
        .. new[] { "none", "add" }.SelectMany(Scatters),
        new("TopK", [3, 5]) { Constants = { [1] = TensorData.Vector(2) }, Outputs = 2 },
        new("TopK", [3, 5]) { Constants = { [1] = TensorData.Vector(2) }, Outputs = 2, Attributes = [("axis", 0), ("largest", 0)] },
        new("Compress", [3, 4]) { Attributes = [("axis", 1)], Constants = { [1] = Bools(1, 0, 1) } },
        new("Compress", [3, 4, 2]) { Attributes = [("axis", -3)], Computed = { [1] = Bools(0, 1, 1) }, Batch = false },
        new("Compress", [3, 4]) { Computed = { [1] = Bools(0, 1, 1, 0, 1) } },
        new("ReverseSequence", [4, 3, 2]) { Constants = { [1] = Indices([4, 1, 3]) }, Batch = false },
        new("ReverseSequence", [3, 4]) { Attributes = [("batch_axis", 0), ("time_axis", 1)], Computed = { [1] = Indices([2, 4, 1]) } },
    ];

    private static IEnumerable<GradientCase> Scatters(string reduction) =>
    [
        new("ScatterElements", [3, 4], null, [2, 4])
        {
            Attributes = [("axis", 0), ("reduction", reduction)], Constants = { [1] = Indices([0, 2, 1, -1, 1, 0, 0, 0], 2, 4) }, Batch = false,
        },
        new("ScatterND", [4, 3], null, [2, 3])
        {
            Attributes = [("reduction", reduction)], Constants = { [1] = Indices([3, 1], 2, 1) }, Batch = false,
        },
    ];

    private static GradientCase Gather(long[] shape, TensorData indices, long axis) => new("Gather", shape)
    {
        Attributes = [("axis", axis)],
        Constants = { [1] = indices },
        Note = $"indices {indices}",
    };

    private static TensorData Indices(long[] values, params long[] shape) => TensorData.FromLongs(values, shape.Length == 0 ? [values.Length] : shape);

    private static TensorData Bools(params byte[] values) => TensorData.FromBytes(ElementType.Bool, Shape.Of(values.Length), values);

    private static TensorData Int32(int[] values) =>
        TensorData.FromBytes(ElementType.Int32, Shape.Of(values.Length), System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
