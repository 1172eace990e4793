using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// What <see cref="Adam"/> and <see cref="AdamW"/> share. The state holds M = m/(1 − β₁) and V = v/(1 − β₂): the recursions M′ = β₁M + g and V′ = β₂V + g² take two
/// passes over the parameters fewer, and the factors move into the coefficients.
/// </summary>
/// <param name="First">M′.</param>
/// <param name="Second">V′.</param>
/// <param name="Move">η·m̂ / (√v̂ + ε) = rate·M′ / (√V′ + epsilon).</param>
internal sealed record AdamMoments(Value First, Value Second, Value Move)
{
    public static IReadOnlyList<string> StateNames { get; } = ["m", "v"];

    public static IReadOnlyList<string> CoefficientNames { get; } = ["rate", "epsilon"];

    public static IReadOnlyList<string> Validate(double beta1, double beta2, double epsilon, double weightDecay) => new OptionErrors()
        .Below("Beta1", beta1, 0, 1).Below("Beta2", beta2, 0, 1).Positive("Epsilon", epsilon).NotNegative("WeightDecay", weightDecay).All;

    /// <summary>With m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ): √v̂ = √V/s with s = √((1 − β₂ᵗ)/(1 − β₂)), so rate = η·s·(1 − β₁)/(1 − β₁ᵗ) and epsilon = ε·s.</summary>
    public static void Coefficients(double learningRate, long step, double beta1, double beta2, double epsilon, Span<float> values)
    {
        double s = Math.Sqrt((1 - Math.Pow(beta2, step)) / (1 - beta2));
        values[0] = (float)(learningRate * s * (1 - beta1) / (1 - Math.Pow(beta1, step)));
        values[1] = (float)(epsilon * s);
    }

    /// <summary>The epsilon of the form that adds ε to √v, not to √v̂: √v = √V·√(1 − β₂), so epsilon = ε/√(1 − β₂) in every step; rate stays the same.</summary>
    public static float UncorrectedEpsilon(double beta2, double epsilon) => (float)(epsilon / Math.Sqrt(1 - beta2));

    public static AdamMoments Build(GraphBuilder op, ParameterUpdate update, double beta1, double beta2)
    {
        Value g = update.Gradient;
        Value first = op.Add(op.Mul(update.State[0], op.Scalar(beta1)), g);
        Value second = op.Add(op.Mul(update.State[1], op.Scalar(beta2)), op.Mul(g, g));
        Value direction = op.Div(first, op.Add(op.Sqrt(second), update.Coefficients[1]));
        return new AdamMoments(first, second, op.Mul(direction, update.Coefficients[0]));
    }
}
