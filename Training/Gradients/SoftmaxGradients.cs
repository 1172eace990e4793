
namespace OnnxFineTune.Training;

/// <summary>Gradients of softmax and its logarithm along one axis.</summary>
internal static class SoftmaxGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Softmax", (op, n, g) => [op.Mul(n.Y, op.Sub(g, op.ReduceSum(op.Mul(g, n.Y), [Axis(n)])))] },
        { "LogSoftmax", (op, n, g) => [op.Sub(g, op.Mul(op.Exp(n.Y), op.ReduceSum(g, [Axis(n)])))] },
    };

    private static long Axis(ForwardNode n) => n.Attributes.Int("axis", -1);
}
