using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of Fourier transforms: of real and complex signals, cut and filled up, one-sided and inverse.</summary>
internal static class SpectralCases
{
    /// <summary>The runtime's twiddle factors are of single precision.</summary>
    public static readonly GradientCase[] Rows = [.. All.Select(c => c with { DoubleTolerance = 1e-6 })];

    private static GradientCase[] All =>
    [
        new("DFT", [2, 5, 1]) { Constants = { [2] = TensorData.Scalar(1L) } },
        new("DFT", [2, 4, 2]) { Constants = { [2] = TensorData.Scalar(-2L) } },
        new("DFT", [2, 4, 3, 2]) { Constants = { [2] = TensorData.Scalar(1L) } },
        new("DFT", [2, 4, 3, 1]),
        OneSided([2, 6, 1]),
        OneSided([2, 5, 1]),
        OneSided([2, 5, 1]) with { Constants = new() { [1] = TensorData.Scalar(8L), [2] = TensorData.Scalar(1L) } },
        OneSided([2, 5, 1]) with { Constants = new() { [1] = TensorData.Scalar(3L), [2] = TensorData.Scalar(1L) } },
        new("DFT", [2, 5, 2]) { Constants = { [1] = TensorData.Scalar(7L), [2] = TensorData.Scalar(1L) } },
        new("DFT", [2, 5, 2]) { Constants = { [1] = TensorData.Scalar(4L), [2] = TensorData.Scalar(1L) }, Attributes = [("inverse", 1)] },
        new("DFT", [2, 5, 2]) { Constants = { [2] = TensorData.Scalar(1L) }, Attributes = [("inverse", 1)] },
        new("STFT", [2, 12, 1], null, [4]) { Constants = { [1] = TensorData.Scalar(3L), [3] = TensorData.Scalar(4L) } },
        new("STFT", [2, 12, 1], null, [5]) { Constants = { [1] = TensorData.Scalar(2L) } },
        new("STFT", [2, 12, 1]) { Constants = { [1] = TensorData.Scalar(4L), [3] = TensorData.Scalar(4L) } },
        new("STFT", [2, 12], null, [4]) { Constants = { [1] = TensorData.Scalar(3L) }, Note = "no channel axis" },
        new("STFT", [2, 12, 2], null, [4]) { Constants = { [1] = TensorData.Scalar(3L) }, Attributes = [("onesided", 0)] },
    ];

    private static GradientCase OneSided(long[] shape) => new("DFT", shape) { Constants = { [2] = TensorData.Scalar(1L) }, Attributes = [("onesided", 1)] };
}
