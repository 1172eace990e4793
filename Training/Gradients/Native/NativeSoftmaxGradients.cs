namespace OnnxFineTune.Training;

/// <summary>Gradients of softmax and its logarithm along one axis in one kernel each.</summary>
internal static class NativeSoftmaxGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Softmax", (op, n, g) => [op.Native("SoftmaxGrad_13", [g, n.Y], ("axis", n.Attributes.Int("axis", -1)))] },
        { "LogSoftmax", (op, n, g) => [op.Native("LogSoftmaxGrad_13", [g, n.Y], ("axis", n.Attributes.Int("axis", -1)))] },
    };
}
