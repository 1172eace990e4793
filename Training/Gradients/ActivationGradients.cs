using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of activations: n.X input, n.Y output, g = dL/dY. At kinks the value is PyTorch's, unless said.</summary>
internal static class ActivationGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Relu", (op, n, g) => [op.Mul(g, op.Step(n.Y))] },
        { "Sigmoid", (op, n, g) => [op.Mul(g, op.Mul(n.Y, op.Sub(op.One(g), n.Y)))] },
        { "Tanh", (op, n, g) => [op.Mul(g, op.Sub(op.One(g), op.Mul(n.Y, n.Y)))] },
        { "Softplus", (op, n, g) => [op.Mul(g, op.Sigmoid(n.X))] },
        { "Softsign", (op, n, g) => [op.Mul(g, op.Pow(op.Sub(op.One(g), op.Abs(n.Y)), op.Scalar(2, g)))] },
        { "ThresholdedRelu", (op, n, g) => [op.Mul(g, op.Step(n.Y))] },
        { "Shrink", (op, n, g) => [op.Mul(g, op.Above(op.Abs(n.X), op.Scalar(n.Attributes.Float("lambd", 0.5f), g)))] },
        { "LeakyRelu", (op, n, g) => [op.Mul(g, LeakySlope(op, n.X, n.Attributes.Float("alpha", 0.01f)))] },
        { "Elu", (op, n, g) => [op.Mul(g, ExponentialSlope(op, n, 1, n.Attributes.Float("alpha", 1)))] },
        { "Celu", (op, n, g) => [op.Mul(g, op.Add(op.Min(op.Mul(n.Y, op.Scalar(1.0 / n.Attributes.Float("alpha", 1), g)), op.Zero(g)), op.One(g)))] },
        { "Selu", Selu },
        { "HardSigmoid", (op, n, g) => [op.Mul(op.Mul(g, op.Scalar(n.Attributes.Float("alpha", 0.2f), g)), op.Mul(op.Step(n.Y), op.Below(n.Y, op.One(g))))] },
        { "HardSwish", (op, n, g) => [op.Mul(g, HardSwishSlope(op, n.X))] },
        { "Clip", Clip },
        { "Gelu", (op, n, g) => [op.Mul(g, n.Attributes.String("approximate") == "tanh" ? GeluTanhSlope(op, n.X) : GeluSlope(op, n.X))] },
        { "Mish", (op, n, g) => [op.Mul(g, MishSlope(op, n.X))] },
        { "PRelu", GradientRule.From(PRelu, broadcasts: true) },
    };

    /// <summary>1 above 0, else alpha.</summary>
    private static Value LeakySlope(GraphBuilder op, Value x, float alpha) => alpha is >= 0 and <= 1
        ? op.Max(op.Step(x), op.Scalar(alpha, x))
        : Blend(op, op.Step(x), op.Scalar(alpha, x));

    /// <summary>1 where the step is 1, else <paramref name="below"/>; exact, and far cheaper than Where.</summary>
    private static Value Blend(GraphBuilder op, Value step, Value below) => op.Add(step, op.Mul(below, op.Sub(op.One(step), step)));

    private static IReadOnlyList<Value?> PRelu(GraphBuilder op, ForwardNode n, Value g) =>
    [
        n.Needs(0) ? op.Mul(g, Blend(op, op.Step(n.X), n.B)) : null,
        n.Needs(1) ? op.Mul(g, op.Min(n.X, op.Zero(g))) : null,
    ];

    /// <summary>Slope of s·x above 0 and a·(eˣ − 1) below, which is Y + a there.</summary>
    private static Value ExponentialSlope(GraphBuilder op, ForwardNode n, float s, float a)
    {
        Value below = op.Add(op.Min(n.Y, op.Zero(n.Y)), op.Scalar(a, n.Y));
        return s == a ? below : op.Add(below, op.Mul(op.Step(n.X), op.Scalar(s - a, n.Y)));
    }

    private static IReadOnlyList<Value?> Selu(GraphBuilder op, ForwardNode n, Value g)
    {
        float gamma = n.Attributes.Float("gamma", 1.05070102214813232f);
        return [op.Mul(g, ExponentialSlope(op, n, gamma, gamma * n.Attributes.Float("alpha", 1.67326319217681884766f)))];
    }

    /// <summary>x/3 + ½ for |x| ≤ 3, then 0 or 1: HardSigmoid(x) + x/6 inside.</summary>
    private static Value HardSwishSlope(GraphBuilder op, Value x)
    {
        const float steep = 1.2676506e30f;      // 2¹⁰⁰: the products with 3 are exact
        Value single = op.Cast(x, ElementType.Float);
        Value value = op.HardSigmoid(single, 1 / 6f, 0.5f);
        Value inside = op.HardSigmoid(op.Abs(single), -steep, MathF.BitIncrement(3) * steep);
        return op.CastLike(op.Add(value, op.Mul(inside, op.Sub(value, op.Scalar(0.5)))), x);
    }

    /// <summary>
    /// 1 strictly between the bounds: at constant ones 0 as PyTorch's hardtanh and ReLU6, of which most Clips come, at computed ones 1 as its clamp. A trained
    /// bound gets the gradient of what it cuts off.
    /// </summary>
    private static IReadOnlyList<Value?> Clip(GraphBuilder op, ForwardNode n, Value g)
    {
        Value? low = n.Input(1), high = n.Input(2);
        Value? above = low is null ? null : low.Data is null || n.Needs(1) ? op.Step(op.Sub(n.X, low), atZero: 1) : op.Above(n.Y, low);
        Value? below = high is null ? null : high.Data is null || n.Needs(2) ? op.Step(op.Sub(high, n.X), atZero: 1) : op.Below(n.Y, high);
        return
        [
            n.Needs(0) ? Product(op, g, above, below) : null,
            n.Needs(1) ? op.ReduceSum(op.Mul(g, op.Step(op.Sub(low!, n.X))), [], keepDims: false) : null,
            n.Needs(2) ? op.ReduceSum(op.Mul(g, op.Step(op.Sub(n.X, high!))), [], keepDims: false) : null,
        ];
    }

    private static Value Product(GraphBuilder op, Value g, params Value?[] factors) =>
        factors.OfType<Value>().Aggregate(g, op.Mul);

    /// <summary>Φ(x) + x·φ(x), the normal distribution and its density.</summary>
    private static Value GeluSlope(GraphBuilder op, Value x)
    {
        Value distribution = op.Mul(op.Add(op.Erf(op.Mul(x, op.Scalar(Math.Sqrt(0.5), x))), op.One(x)), op.Scalar(0.5, x));
        Value density = op.Mul(op.Exp(op.Mul(op.Mul(x, x), op.Scalar(-0.5, x))), op.Scalar(1 / Math.Sqrt(2 * Math.PI), x));
        return op.Add(distribution, op.Mul(x, density));
    }

    /// <summary>With t = tanh(√(2/π)·(x + 0.044715·x³)): ½·(1 + t) + ½·x·(1 − t²)·√(2/π)·(1 + 0.134145·x²).</summary>
    private static Value GeluTanhSlope(GraphBuilder op, Value x)
    {
        double scale = Math.Sqrt(2 / Math.PI);
        Value square = op.Mul(x, x);
        Value inner = op.Mul(x, op.Add(op.Mul(square, op.Scalar(0.044715 * scale, x)), op.Scalar(scale, x)));
        Value innerSlope = op.Add(op.Mul(square, op.Scalar(3 * 0.044715 * scale, x)), op.Scalar(scale, x));
        Value t = op.Tanh(inner);
        Value bend = op.Mul(op.Mul(x, innerSlope), op.Sub(op.One(x), op.Mul(t, t)));
        return op.Mul(op.Add(op.Add(t, op.One(x)), bend), op.Scalar(0.5, x));
    }

    /// <summary>With t = tanh(softplus(x)): t + x·sigmoid(x)·(1 − t²).</summary>
    private static Value MishSlope(GraphBuilder op, Value x)
    {
        Value t = op.Tanh(op.Op("Softplus", [x]));
        return op.Add(t, op.Mul(op.Mul(x, op.Sigmoid(x)), op.Sub(op.One(x), op.Mul(t, t))));
    }
}
