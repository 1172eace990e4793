using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// dL/dX of pooling by the p-norm, y = (Σ|x|ᵖ)^(1/p): an element gets g·sign(x)·|x|ᵖ⁻¹·y¹⁻ᵖ from each of its windows, and 0 where all of a window
/// is 0.
/// </summary>
internal static class LpPoolGradients
{
    private const double Smallest = 1.1754944e-38;

    /// <summary>LpPool.</summary>
    public static Value Append(GraphBuilder op, ForwardNode n, Value g) =>
        op.Mul(Power(op, n), WindowSpread.Append(op, n, WindowGeometry.Of(n, n.Attributes.Ints("kernel_shape")!), Share(op, n, g)));

    /// <summary>GlobalLpPool, whose window is the image.</summary>
    public static Value AppendGlobal(GraphBuilder op, ForwardNode n, Value g) => op.Mul(Power(op, n), Share(op, n, g));

    private static long P(ForwardNode n) => n.Attributes.Int("p", 2);

    /// <summary>sign(x)·|x|ᵖ⁻¹.</summary>
    private static Value Power(GraphBuilder op, ForwardNode n)
    {
        long p = P(n);
        if (p == 2)
            return n.X;
        Value power = op.Pow(p % 2 == 0 ? n.X : op.Abs(n.X), op.Scalar(p - 1, n.X));
        return p == 1 ? op.SignOf(n.X) : p % 2 == 0 ? power : op.Mul(op.SignOf(n.X), power);
    }

    /// <summary>g·y¹⁻ᵖ; an element whose p-th power is a normal number makes y larger than the bound, others must not be blown up.</summary>
    private static Value Share(GraphBuilder op, ForwardNode n, Value g)
    {
        long p = P(n);
        if (p == 1)
            return g;
        Value y = op.Max(n.Y, op.Scalar(Math.Pow(Smallest, 1.0 / p), n.Y));
        return op.Div(g, p == 2 ? y : op.Pow(y, op.Scalar(p - 1, y)));
    }
}
