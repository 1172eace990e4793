using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that broadcast their inputs; each result may have the output's shape, the walk sums it back.</summary>
internal static class ArithmeticGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new(broadcasts: true)
    {
        { "Add", (op, n, g) => [g, g] },
        { "Sub", (op, n, g) => [g, n.Needs(1) ? Negated(op, g, n) : null] },
        { "Mul", Mul },
        { "Div", Div },
        { "Mod", (op, n, g) => [g, n.Needs(1) ? Negated(op, op.Mul(g, Multiple(op, n)), n) : null] },
        { "Pow", (op, n, g) => [n.Needs(0) ? PowBase(op, n, g) : null, n.Needs(1) ? PowExponent(op, n, g) : null] },
        { "Sum", (op, n, g) => [.. n.Node.Inputs.Select(_ => g)] },
        { "Mean", (op, n, g) => [.. Enumerable.Repeat(op.Mul(g, op.Scalar(1.0 / n.Node.Inputs.Count, g)), n.Node.Inputs.Count)] },
        { "Max", (op, n, g) => Extremum(op, n, g, sign: 1) },
        { "Min", (op, n, g) => Extremum(op, n, g, sign: -1) },
        { "Where", Where },
        { "Expand", (op, n, g) => [g] },
    };

    private static IReadOnlyList<Value?> Mul(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Needs(0) && !n.IsResult(1) && IsSigmoidOf(n.B, n.A))
            return [op.Mul(g, SiluSlope(op, n.B, n.Y)), null];
        if (n.Needs(1) && !n.IsResult(0) && IsSigmoidOf(n.A, n.B))
            return [null, op.Mul(g, SiluSlope(op, n.A, n.Y))];
        return [n.Needs(0) ? op.Mul(g, n.B) : null, n.Needs(1) ? op.Mul(g, n.A) : null];
    }

    private static bool IsSigmoidOf(Value s, Value x) => s.Producer is { OpType: "Sigmoid", Domain: Model.StandardDomain } sigmoid && sigmoid.Inputs[0] == x;

    /// <summary>
    /// Of Y = x·s with s = sigmoid(x), as SiLU (Swish) is exported: s + Y·(1 − s). Both ways to x at once take four operations instead of six, and x itself, often the output of a
    /// convolution, need not be kept.
    /// </summary>
    private static Value SiluSlope(GraphBuilder op, Value s, Value y) => op.Add(s, op.Mul(y, op.Sub(op.One(y), s)));

    /// <summary>−value, summed to the shape of B before it is negated, which is often far smaller.</summary>
    private static Value Negated(GraphBuilder op, Value value, ForwardNode n)
    {
        Value result = op.Neg(op.SumTo(value, n.Y.Shape, n.B));
        result.Shape = n.B.Shape;
        return result;
    }

    private static IReadOnlyList<Value?> Div(GraphBuilder op, ForwardNode n, Value g)
    {
        Value quotient = op.Div(g, n.B);
        return [quotient, n.Needs(1) ? Negated(op, op.Mul(quotient, n.Y), n) : null];
    }

    /// <summary>How many times B was taken off A, a whole number.</summary>
    private static Value Multiple(GraphBuilder op, ForwardNode n) => op.Op("Round", [op.Div(op.Sub(n.A, n.Y), n.B)]);

    /// <summary>g·b·aᵇ⁻¹, and 0 for b = 0 also where aᵇ⁻¹ is infinite, as in PyTorch.</summary>
    private static Value PowBase(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.B.Data is { Count: 1 } constant && !n.Needs(1))
            return PowBase(op, n, g, constant.ToFloats()[0]);
        Value b = op.CastLike(n.B, n.A);
        Value slope = op.Mul(b, op.Pow(n.A, op.Sub(b, op.One(b))));
        return op.Mul(g, op.Where(op.Equal(b, op.Zero(b)), op.Zero(slope), slope));
    }

    private static Value PowBase(GraphBuilder op, ForwardNode n, Value g, float exponent) => exponent switch
    {
        0 => op.Mul(g, op.Zero(g)),
        1 => g,
        2 => op.Mul(g, op.Add(n.A, n.A)),
        0.5f => op.Div(op.Mul(g, op.Scalar(0.5, g)), n.Y),
        _ => op.Mul(g, op.Mul(op.Pow(n.A, op.Scalar(exponent - 1.0, n.A)), op.Scalar(exponent, n.A))),
    };

    /// <summary>g·aᵇ·ln a, and 0 for a = 0 and b ≥ 0, as in PyTorch.</summary>
    private static Value PowExponent(GraphBuilder op, ForwardNode n, Value g)
    {
        Value flat = op.And(op.Equal(n.A, op.Zero(n.A)), op.GreaterOrEqual(n.B, op.Zero(n.B)));
        return op.Mul(g, op.Where(flat, op.Zero(n.Y), op.Mul(n.Y, op.Log(n.A))));
    }

    /// <summary>The largest (sign 1) or smallest (sign −1) input gets the gradient; inputs that tie share it evenly, as in PyTorch.</summary>
    private static IReadOnlyList<Value?> Extremum(GraphBuilder op, ForwardNode n, Value g, int sign)
    {
        if (n.Node.Inputs.Count == 1)
            return [g];
        if (n.Node.Inputs.Count > 2 || !n.Node.Inputs.Any(IsFinite))      // a difference of equal infinities is no number
        {
            Value[] chosen = [.. n.Node.Inputs.Select(x => op.CastLike(op.Equal(x!, n.Y), g))];
            Value share = op.Div(g, op.Sum(chosen));
            return [.. chosen.Select(c => op.Mul(share, c))];
        }
        Value first = op.Mul(g, op.Step(sign > 0 ? op.Sub(n.A, n.B) : op.Sub(n.B, n.A), atZero: 0.5f));
        return [first, n.Needs(1) ? op.Sub(g, first) : null];
    }

    private static bool IsFinite(Value? x) => x is { Data: { Count: 1 } data } && float.IsFinite(data.ToFloats()[0]);

    private static IReadOnlyList<Value?> Where(GraphBuilder op, ForwardNode n, Value g)
    {
        Value zero = op.Zero(g);
        return [null, n.Needs(1) ? op.Where(n.X, g, zero) : null, n.Needs(2) ? op.Where(n.X, zero, g) : null];
    }
}
