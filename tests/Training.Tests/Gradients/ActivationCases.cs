using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of the activations: both sides of each kink, and the kinks themselves with PyTorch's values.</summary>
internal static class ActivationCases
{
    private static readonly (double, double) Above = (0.1, 2);
    private static readonly (double, double) Below = (-2, -0.1);

    public static readonly GradientCase[] Rows =
    [
        GradientCase.Special("Shrink", [-2, -0.5, 0, 0.4, 0.5, 0.5000001], [1, 0, 0, 0, 0, 1]),
        GradientCase.Special("Shrink", [-2, -0.3, 0.2, 0.4], [1, 0, 0, 1], ("lambd", 0.3f), ("bias", 0.3f)),
        .. BothSides("Relu"),
        GradientCase.Special("Relu", [-1, -0.0, 0, 1e-30, 2, double.PositiveInfinity], [0, 0, 0, 1, 1, 1]),
        new("Sigmoid", [4, 5]) { Range = (-3, 3) },
        GradientCase.Special("Sigmoid", [-200, 0, 200], [0, 0.25, 0]),
        new("Tanh", [4, 5]) { Range = (-2, 2) },
        GradientCase.Special("Tanh", [-50, 0, 50], [0, 1, 0]),
        new("Softplus", [4, 5]) { Range = (-3, 3) },
        GradientCase.Special("Softplus", [-200, 0, 200], [0, 0.5, 1]),
        .. BothSides("Softsign"),
        .. BothSides("ThresholdedRelu", ("alpha", 0.05f)),
        GradientCase.Special("ThresholdedRelu", [0, 1, 1.5], [0, 0, 1]),
        .. BothSides("LeakyRelu"),
        .. BothSides("LeakyRelu", ("alpha", 0.2f)),
        GradientCase.Special("LeakyRelu", [-2, 0, 2], [0.25, 0.25, 1], ("alpha", 0.25f)),
        GradientCase.Special("LeakyRelu", [-2, 0, 2], [1.5, 1.5, 1], ("alpha", 1.5f)),
        GradientCase.Special("LeakyRelu", [-2, 0, 2], [-0.5, -0.5, 1], ("alpha", -0.5f)),
        .. BothSides("Elu"),
        .. BothSides("Elu", ("alpha", 0.7f)),
        GradientCase.Special("Elu", [0, -100, 100], [1, 0, 1]),
        GradientCase.Special("Elu", [0, -100, 100], [0.5, 0, 1], ("alpha", 0.5f)),
        .. BothSides("Celu"),
        .. BothSides("Celu", ("alpha", 1.7f)),
        GradientCase.Special("Celu", [0, -100, 100], [1, 0, 1]),
        .. BothSides("Selu"),
        GradientCase.Special("Selu", [0, 100], [1.7580993175506592, 1.0507010221481323]) with { Tolerance = 1e-6, DoubleTolerance = 1e-6 },
        new("HardSigmoid", [4, 5]) { Range = (-2.2, 2.2) },
        GradientCase.Special("HardSigmoid", [-5, -4, 0, 4, 5], [0, 0, 0.125, 0, 0], ("alpha", 0.125f), ("beta", 0.5f)),
        new("HardSwish", [4, 5]) { Range = (-2.9, 2.9) },
        GradientCase.Special("HardSwish", [-4, -3, 0, 3, 4, -100, 100], [0, -0.5, 0.5, 1.5, 1, 0, 1]) with { Tolerance = 1e-6, DoubleTolerance = 1e-6 },
        new("Clip", [4, 5]) { Range = (0.1, 5.9), Constants = { [1] = TensorData.Scalar(0f), [2] = TensorData.Scalar(6f) } },
        new("Clip", [4, 5]) { Constants = { [1] = TensorData.Scalar(-2f) } },
        new("Clip", [4, 5], [], []) { Note = "trained bounds", Ranges = { [1] = (-0.6, -0.5), [2] = (0.5, 0.6) } },
        new("Clip", [4, 5], [], []) { Note = "trained bounds, none cuts", Ranges = { [1] = (-3, -2), [2] = (2, 3) } },
        GradientCase.Special("Clip", [-1, 0, 1e-30, 5.9999995, 6, 7], [0, 0, 1, 1, 0, 0]) with { Constants = Bounds(0, 6) },
        GradientCase.Special("Clip", [-3, -1, 0, 1, 2], [0, 0, 1, 0, 0]) with { Constants = Bounds(-1, 1) },
        GradientCase.Special("Clip", [-3, 0, 1, 2], [1, 1, 0, 0]) with { Constants = new() { [2] = TensorData.Scalar(1f) } },
        GradientCase.Special("Clip", [-3, 0, 1], [1, 1, 1]),
        GradientCase.Special("Clip", [-3, 0, 2.5e9, 4e9], [1, 1, 1, 0]) with { Constants = Bounds(float.MinValue, 3e9f) },
        GradientCase.Special("Clip", [0.1f, 0.10000001f, 0.7f, 0.70000005f, 0.6999999f], [0, 1, 0, 0, 1]) with { Constants = Bounds(0.1f, 0.7f) },
        new("Gelu", [4, 5]) { Range = (-3, 3) },
        new("Gelu", [4, 5]) { Range = (-3, 3), Attributes = [("approximate", "tanh")] },
        GradientCase.Special("Gelu", [-50, 0, 50], [0, 0.5, 1]),
        GradientCase.Special("Gelu", [-50, 0, 50], [0, 0.5, 1], ("approximate", "tanh")),
        new("Mish", [4, 5]) { Range = (-3, 3) },
        GradientCase.Special("Mish", [-100, 0, 50], [0, 0.6, 1]) with { Tolerance = 1e-6 },
        new("PRelu", [2, 3, 4], [3, 1]) { Ranges = { [0] = Above } },
        new("PRelu", [2, 3, 4], [3, 1]) { Ranges = { [0] = Below } },
        new("PRelu", [3], [1])
        {
            Note = "kink", Values = { [0] = [-2, 0, 3], [1] = [0.25] }, UnitGradient = true,
            Formula = _ => new() { [0] = [0.25, 0.25, 1], [1] = [-2] },
        },
    ];

    private static IEnumerable<GradientCase> BothSides(string opType, params (string, object?)[] attributes) =>
    [
        new(opType, [4, 5]) { Range = Above, Attributes = attributes, Note = "above" },
        new(opType, [4, 5]) { Range = Below, Attributes = attributes, Note = "below" },
    ];

    private static Dictionary<int, TensorData> Bounds(float low, float high) => new() { [1] = TensorData.Scalar(low), [2] = TensorData.Scalar(high) };
}
