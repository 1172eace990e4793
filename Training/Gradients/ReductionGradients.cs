using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of reductions: the output's gradient, repeated along the reduced axes and weighted by what each element contributed.</summary>
internal static class ReductionGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "ReduceSum", (op, n, g) => [Repeated(op, n, Kept(op, n, g))] },
        { "ReduceMean", (op, n, g) => [Repeated(op, n, Kept(op, n, op.Mul(g, Share(op, n, g))))] },
        { "ReduceSumSquare", (op, n, g) => [op.Mul(op.Add(n.X, n.X), Kept(op, n, g))] },
        { "ReduceL1", (op, n, g) => [op.Mul(op.SignOf(n.X), Kept(op, n, g))] },
        { "ReduceL2", ReduceL2 },
        { "ReduceLogSum", (op, n, g) => [Repeated(op, n, Kept(op, n, op.Mul(g, op.Exp(op.Neg(n.Y)))))] },
        { "ReduceLogSumExp", (op, n, g) => [op.Mul(op.Exp(op.Sub(n.X, Kept(op, n, n.Y))), Kept(op, n, g))] },
        { "ReduceProd", Product },
        { "ReduceMax", Extremum },
        { "ReduceMin", Extremum },
    };

    /// <summary>
    /// The reduced axes, ascending; null where they are computed at run time. Left out or empty they are all axes, or none with noop_with_empty_axes.
    /// </summary>
    private static long[]? Axes(ForwardNode n)
    {
        int rank = n.Rank;
        if (n.Input(1) is { Data: null })
            return null;
        long[] axes = n.Input(1)?.Data!.ToLongs() ?? [];
        if (axes.Length > 0)
            return [.. axes.Select(a => a < 0 ? a + rank : a).Order()];
        return n.Attributes.Int("noop_with_empty_axes") != 0 ? [] : [.. Enumerable.Range(0, rank).Select(i => (long)i)];
    }

    /// <summary>A value of the output's shape with the reduced axes back as axes of size 1, so that it broadcasts against the input.</summary>
    private static Value Kept(GraphBuilder op, ForwardNode n, Value value)
    {
        if (n.Attributes.Int("keepdims", 1) != 0)
            return value;
        if (Axes(n) is not { } axes)
            return op.Op("Unsqueeze", [value, n.Input(1)]);
        return axes.Length == 0 ? value : op.Unsqueeze(value, axes);
    }

    /// <summary>Repeats along the reduced axes; the others are 1 in the target, which Expand leaves as they are, so an open batch needs no Shape.</summary>
    private static Value Repeated(GraphBuilder op, ForwardNode n, Value kept)
    {
        if (Axes(n) is not { } axes || n.X.Shape is not { } shape || axes.Any(a => !shape[(int)a].IsStatic))
            return op.Expand(kept, op.ShapeOf(n.X));
        if (axes.Length == 0)
            return kept;
        return op.Expand(kept, op.Longs([.. Enumerable.Range(0, shape.Rank).Select(i => axes.Contains(i) ? shape[i].Value!.Value : 1)]));
    }

    /// <summary>1/(number of elements that go into one mean), in the type of g.</summary>
    private static Value Share(GraphBuilder op, ForwardNode n, Value g)
    {
        if (Axes(n) is { } axes && n.X.Shape is { } shape && axes.All(a => shape[(int)a].IsStatic))
            return op.Scalar(1.0 / axes.Aggregate(1L, (count, a) => count * shape[(int)a].Value!.Value), g);
        return op.Div(op.CastLike(op.Size(n.Y), g), op.CastLike(op.Size(n.X), g));
    }

    /// <summary>g·X/Y, and 0 where the norm Y is 0, as PyTorch.</summary>
    private static IReadOnlyList<Value?> ReduceL2(GraphBuilder op, ForwardNode n, Value g)
    {
        const double smallest = 1.1754944e-38;
        return [op.Mul(n.X, Kept(op, n, op.Div(g, op.Max(n.Y, op.Scalar(smallest, n.Y)))))];
    }

    /// <summary>The product of the others: beside one zero none but that zero has it, beside several nothing has.</summary>
    private static IReadOnlyList<Value?> Product(GraphBuilder op, ForwardNode n, Value g)
    {
        (string, object?)[] attributes = [("keepdims", 1), ("noop_with_empty_axes", n.Attributes.Int("noop_with_empty_axes"))];
        Value isZero = op.CastLike(op.Equal(n.X, op.Zero(n.X)), g);
        Value factors = op.Add(n.X, isZero);        // 1 in place of zeros
        Value zeros = op.Op("ReduceSum", [isZero, n.Input(1)], attributes);
        Value others = op.Div(op.Op("ReduceProd", [factors, n.Input(1)], attributes), factors);
        return [op.Mul(op.Mul(others, op.CastLike(op.Equal(zeros, isZero), g)), Kept(op, n, g))];
    }

    /// <summary>The elements equal to the extremum share its gradient evenly, as PyTorch's amax and amin.</summary>
    private static IReadOnlyList<Value?> Extremum(GraphBuilder op, ForwardNode n, Value g)
    {
        Value chosen = op.CastLike(op.Equal(n.X, Kept(op, n, n.Y)), g);
        Value count = op.Op("ReduceSum", [chosen, n.Input(1)], ("keepdims", 1), ("noop_with_empty_axes", n.Attributes.Int("noop_with_empty_axes")));
        return [op.Mul(chosen, op.Div(Kept(op, n, g), count))];
    }
}
