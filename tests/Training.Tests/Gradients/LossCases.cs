using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the losses that are operators: every reduction, with weights and with labels to ignore, in the batch and over pixels.</summary>
internal static class LossCases
{
    public static readonly GradientCase[] Rows =
    [
        .. All.Select(c => c with { Batch = false }),       // the labels of a row are of one size
    ];

    private static IEnumerable<GradientCase> All =>
    [
        .. new[] { "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss" }.SelectMany(Forms),
        Both(),
        Both() with { Note = "its logarithms alone", Unused = [0] },
        Both() with { Note = "its loss alone", Unused = [1] },
    ];

    private static IEnumerable<GradientCase> Forms(string opType)
    {
        foreach (string reduction in new[] { "mean", "sum", "none" })
        {
            yield return new(opType, [4, 3]) { Constants = { [1] = Vector }, Attributes = [("reduction", reduction)] };
            yield return new(opType, [4, 3], null, [3]) { Constants = { [1] = Vector }, Attributes = [("reduction", reduction)], Ranges = { [2] = (0.5, 2) } };
            yield return new(opType, [2, 3, 2, 2]) { Constants = { [1] = Pixels }, Attributes = [("reduction", reduction)] };
            yield return new(opType, [2, 3, 2, 2], null, [3])
            {
                Constants = { [1] = Pixels }, Attributes = [("reduction", reduction), ("ignore_index", 2)], Ranges = { [2] = (0.5, 2) },
            };
            yield return new(opType, [4, 3]) { Computed = { [1] = TensorData.FromLongs([2, -1, 0, -1], 4) }, Attributes = [("reduction", reduction), ("ignore_index", -1)] };
        }
    }

    private static GradientCase Both() => new("SoftmaxCrossEntropyLoss", [4, 3]) { Constants = { [1] = Vector }, Outputs = 2, Note = "two outputs" };

    private static TensorData Vector => TensorData.FromLongs([2, 0, 2, 1], 4);

    private static TensorData Pixels =>
        TensorData.FromBytes(ElementType.Int32, Shape.Of(2, 2, 2), System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>([2, 0, 1, 1, 0, 2, 2, 1]).ToArray());
}
