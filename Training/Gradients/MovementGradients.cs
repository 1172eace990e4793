using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that move elements or give them another shape.</summary>
internal static class MovementGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Identity", (op, n, g) => [g] },
        { "Cast", (op, n, g) => [op.CastLike(g, n.X)] },
        { "Reshape", Reshaped },
        { "Flatten", Reshaped },
        { "Squeeze", Reshaped },
        { "Unsqueeze", Reshaped },
    };

    private static IReadOnlyList<Value?> Reshaped(GraphBuilder op, ForwardNode n, Value g) => [op.Reshape(g, op.ShapeOf(n.X))];
}
