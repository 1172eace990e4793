using OnnxFineTune.Surgery;
using OnnxFineTune.Training.Tests;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Rows for choices that only rules with kernels make.</summary>
internal static class NativeKernelCases
{
    public static readonly GradientCase[] More =
    [
        // Which of the three gradients is wanted decides the outputs of ConvGrad.
        new("Conv", null, [4, 3, 3, 3], [4]) { Constants = { [0] = Ramp(2, 3, 5, 6) } },
        new("Conv", null, [4, 3, 3, 3]) { Constants = { [0] = Ramp(2, 3, 5, 6) } },
        new("Conv", [2, 3, 5, 6]) { Constants = { [1] = Ramp(4, 3, 3, 3) } },
        new("Conv", [2, 3, 5, 6], null, [4]) { Constants = { [1] = Ramp(4, 3, 3, 3) } },
        new("Conv", null, null, [4]) { Constants = { [0] = Ramp(2, 3, 5, 6), [1] = Ramp(4, 3, 3, 3) } },
        new("Conv", null, [4, 2, 3], [4]) { Constants = { [0] = Ramp(2, 4, 9) }, Attributes = [("group", 2)] },
        new("Conv", [2, 4, 9], [4, 2, 3], [4]) { Attributes = [("group", 2)], Note = "groups of one axis" },
        new("Conv", [1, 4, 6, 6], [4, 1, 3, 3]) { Attributes = [("group", 4), ("dilations", new long[] { 2, 2 })] },
        new("ConvTranspose", null, [3, 4, 3, 3]) { Constants = { [0] = Ramp(2, 3, 4, 5) }, Attributes = [("strides", new long[] { 2, 2 })] },
        new("MaxPool", [3, 2, 9, 8]) { Attributes = [("kernel_shape", new long[] { 3, 2 }), ("strides", new long[] { 2, 1 })] },
        new("LayerNormalization", [2, 3, 6], [6]) { Note = "without bias, wider than a vector", Range = (-3, 3) },
        new("Slice", [4, 9]) { Constants = { [3] = TensorData.Vector(1), [4] = TensorData.Vector(2) }, Computed = { [1] = TensorData.Vector(2), [2] = TensorData.Vector(7) }, Batch = false, Note = "bounds at run time" },
    ];

    private static TensorData Ramp(params long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return TensorData.FromFloats([.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * 0.7f))], shape);
    }
}
