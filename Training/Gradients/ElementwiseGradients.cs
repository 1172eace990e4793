
namespace OnnxFineTune.Training;

/// <summary>Gradients of mathematical functions of single elements: n.X input, n.Y output, g = dL/dY.</summary>
internal static class ElementwiseGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Neg", (op, n, g) => [op.Neg(g)] },
        { "Abs", (op, n, g) => [op.Mul(g, op.SignOf(n.X))] },       // 0 at 0, as PyTorch
        { "Sqrt", (op, n, g) => [op.Div(op.Mul(g, op.Scalar(0.5, g)), n.Y)] },
        { "Exp", (op, n, g) => [op.Mul(g, n.Y)] },
        { "Log", (op, n, g) => [op.Div(g, n.X)] },
        { "Reciprocal", (op, n, g) => [op.Neg(op.Mul(g, op.Mul(n.Y, n.Y)))] },
        { "Erf", (op, n, g) => [op.Mul(g, op.Mul(op.Exp(op.Neg(op.Mul(n.X, n.X))), op.Scalar(2 / Math.Sqrt(Math.PI), g)))] },
        { "Sin", (op, n, g) => [op.Mul(g, op.Cos(n.X))] },
        { "Cos", (op, n, g) => [op.Neg(op.Mul(g, op.Sin(n.X)))] },
        { "Tan", (op, n, g) => [op.Mul(g, op.Add(op.Mul(n.Y, n.Y), op.One(g)))] },
        { "Asin", (op, n, g) => [op.Div(g, op.Sqrt(op.Sub(op.One(g), op.Mul(n.X, n.X))))] },
        { "Acos", (op, n, g) => [op.Neg(op.Div(g, op.Sqrt(op.Sub(op.One(g), op.Mul(n.X, n.X)))))] },
        { "Atan", (op, n, g) => [op.Div(g, op.Add(op.Mul(n.X, n.X), op.One(g)))] },
        { "Sinh", (op, n, g) => [op.Mul(g, op.Op("Cosh", [n.X]))] },
        { "Cosh", (op, n, g) => [op.Mul(g, op.Op("Sinh", [n.X]))] },
        { "Asinh", (op, n, g) => [op.Div(g, op.Sqrt(op.Add(op.Mul(n.X, n.X), op.One(g))))] },
        { "Acosh", (op, n, g) => [op.Div(g, op.Sqrt(op.Sub(op.Mul(n.X, n.X), op.One(g))))] },
        { "Atanh", (op, n, g) => [op.Div(g, op.Sub(op.One(g), op.Mul(n.X, n.X)))] },
    };
}
