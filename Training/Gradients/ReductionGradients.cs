using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of reductions: the output's gradient, repeated along the reduced axes and weighted by what each element contributed.</summary>
internal static class ReductionGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "ReduceSum", (op, n, g) => [Repeated(op, n, g)] },
        { "ReduceMean", (op, n, g) => [Repeated(op, n, op.Mul(g, op.Div(Size(op, n.Y, g), Size(op, n.X, g))))] },
        { "ReduceSumSquare", (op, n, g) => [op.Mul(op.Add(n.X, n.X), Kept(op, n, g))] },
    };

    /// <summary><paramref name="g"/> with the reduced axes back as axes of size 1, so that it broadcasts against the input.</summary>
    private static Value Kept(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Attributes.Int("keepdims", 1) != 0 || n.Rank == 0 || n.RankOf(n.Y) == n.Rank)
            return g;
        if (n.Input(1) is not { } axes)
            return op.Reshape(g, [.. Enumerable.Repeat(1L, n.Rank)]);
        return op.Op("Unsqueeze", [g, axes]);
    }

    private static Value Repeated(GraphBuilder op, ForwardNode n, Value g) => op.Expand(Kept(op, n, g), op.ShapeOf(n.X));

    /// <summary>Number of elements in the type of <paramref name="like"/>: a constant where the shape is static.</summary>
    private static Value Size(GraphBuilder op, Value x, Value like) =>
        x.Shape?.ElementCount is { } count ? op.Scalar(count, like) : op.CastLike(op.Size(x), like);
}
