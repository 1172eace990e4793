using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of Dropout: what it dropped is seen in the outputs of the very run that made the gradient.</summary>
internal static class DropoutCases
{
    private static readonly TensorData Training = TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 1 });
    private static readonly TensorData Inference = TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 0 });

    public static readonly GradientCase[] Rows =
    [
        Row("inference by default"),
        Row("training") with { Constants = new() { [1] = TensorData.Scalar(0.3f), [2] = Training } },
        Row("training, mask used") with { Constants = new() { [1] = TensorData.Scalar(0.3f), [2] = Training }, Outputs = 2 },
        Row("training, ratio by default") with { Constants = new() { [2] = Training } },
        Row("inference") with { Constants = new() { [1] = TensorData.Scalar(0.3f), [2] = Inference } },
        Row("computed, training") with { Computed = new() { [1] = TensorData.Scalar(0.6f), [2] = Training } },
        Row("computed, inference") with { Computed = new() { [1] = TensorData.Scalar(0.6f), [2] = Inference } },
    ];

    /// <summary>Y = X·m/(1 − ratio), so that dX = g·Y/X.</summary>
    private static GradientCase Row(string note) => new("Dropout", [8, 9])
    {
        Note = note,
        Range = (0.5, 1.5),
        Formula = r => new() { [0] = [.. r.Cotangents[0].Zip(r.Outputs[0], r.Inputs[0]).Select(v => v.First * v.Second / v.Third)] },
    };
}
