using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share.</summary>
/// <param name="First">m′ = β₁m + (1 − β₁)g.</param>
/// <param name="Second">v′ = β₂v + (1 − β₂)g².</param>
/// <param name="Move">η·m̂ / (√v̂ + ε), with m̂ = m′/(1 − β₁ᵗ) and v̂ = v′/(1 − β₂ᵗ).</param>
internal sealed record AdamMoments(Value First, Value Second, Value Move)
{
    public static IReadOnlyList<string> StateNames { get; } = ["m", "v"];

    public static IReadOnlyList<string> Validate(double beta1, double beta2, double epsilon, double weightDecay) => new OptionErrors()
        .Below("Beta1", beta1, 0, 1).Below("Beta2", beta2, 0, 1).Positive("Epsilon", epsilon).NotNegative("WeightDecay", weightDecay).All;

    public static AdamMoments Build(GraphBuilder op, ParameterUpdate update, double beta1, double beta2, double epsilon)
    {
        Value g = update.Gradient;
        Value first = op.Add(op.Mul(update.State[0], op.Scalar(beta1)), op.Mul(g, op.Scalar(1 - beta1)));
        Value second = op.Add(op.Mul(update.State[1], op.Scalar(beta2)), op.Mul(op.Mul(g, g), op.Scalar(1 - beta2)));
        Value rate = op.Div(update.LearningRate, Correction(op, update.Step, beta1));
        Value root = op.Div(op.Sqrt(second), op.Sqrt(Correction(op, update.Step, beta2)));
        return new AdamMoments(first, second, op.Mul(op.Div(first, op.Add(root, op.Scalar(epsilon))), rate));
    }

    /// <summary>1 − βᵗ, computed in double: in float, 1 − 0.999 is off by 1e-5.</summary>
    private static Value Correction(GraphBuilder op, Value step, double beta)
    {
        Value power = op.Pow(op.Scalar(beta, ElementType.Double), op.Cast(step, ElementType.Double));
        return op.Cast(op.Sub(op.Scalar(1, ElementType.Double), power), ElementType.Float);
    }
}
