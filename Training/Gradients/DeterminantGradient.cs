using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradient of Det: the cofactors, which are determinants themselves and, unlike the inverse, exist for singular matrices.</summary>
internal static class DeterminantGradient
{
    /// <summary>dX[i, j] = g · (−1)ⁱ⁺ʲ · det(X without row i and column j).</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        int rank = n.Rank;
        if (n.X.Shape![-1].Value is not long size)
            throw new GraphException($"The gradient of {n.Node} needs a fixed size of the matrices. Freeze everything before '{n.Y.Name}' or cut there.");
        Value gradient = op.Unsqueeze(g, rank - 2, rank - 1);
        if (size == 1)
            return [gradient];
        Value signs = op.Constant(TensorData.FromFloats([.. Pairs(size).Select(p => (p.I + p.J) % 2 == 0 ? 1f : -1f)], size, size));
        return [op.Mul(gradient, op.Mul(op.CastLike(signs, g), Minors(op, n, size)))];
    }

    /// <summary>[…, n, n]: the determinant of what is left without row i and column j.</summary>
    private static Value Minors(GraphBuilder op, ForwardNode n, long size)
    {
        long[] indices = [.. Pairs(size).SelectMany(p => Pairs(size).Where(e => e.I != p.I && e.J != p.J).Select(e => (e.I * size) + e.J))];
        int rank = n.Rank;
        Value[] batch = [.. Enumerable.Range(0, rank - 2).Select(axis => op.SizeOf(n.X, axis))];
        Value elements = op.Reshape(n.X, op.Concat(0, [.. batch, op.Longs(size * size)]));
        Value rest = op.Gather(elements, op.Constant(TensorData.FromLongs(indices, size, size, size - 1, size - 1)), rank - 2);
        return op.Op("Det", [rest]);
    }

    private static IEnumerable<(long I, long J)> Pairs(long size) =>
        Enumerable.Range(0, (int)(size * size)).Select(e => (e / size, e % size));
}
