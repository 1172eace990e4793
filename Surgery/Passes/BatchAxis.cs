namespace OnnxFineTune.Surgery;

/// <summary>Where in a value's shape the batch lies.</summary>
/// <param name="Axis">The dimension.</param>
/// <param name="Outer">What lies outside the batch in that dimension: 1 in [N·heads, …], the number of tokens in [tokens·N, …].</param>
internal readonly record struct BatchPlace(int Axis, long Outer = 1);

/// <summary>Follows the batch through the nodes of a graph of static shapes.</summary>
internal static class BatchAxis
{
    /// <summary>The place of the batch in output <paramref name="y"/> of <paramref name="n"/>; null where the output does not hold the batch.</summary>
    /// <param name="n">The node; all shapes around it are static.</param>
    /// <param name="y">One of its outputs.</param>
    /// <param name="places">Its places in the values before.</param>
    /// <param name="batch">The size of the batch that the model was written with.</param>
    public static BatchPlace? Of(Node n, Value y, IReadOnlyDictionary<Value, BatchPlace> places, long batch)
    {
        int index = n.Inputs.Index().FirstOrDefault(i => i.Item is not null && places.ContainsKey(i.Item), (-1, null)).Index;
        if (index < 0 || y.Shape is null)
            return null;
        Value x = n.Inputs[index]!;
        (int a, long outer) = places[x];
        if (n.OpType is "Reshape" or "Flatten")
            return AfterReshape(x.Shape!, y.Shape, places[x], batch);
        int rank = x.Shape!.Rank;
        int? axis = n.OpType switch
        {
            "Shape" or "Size" or "NonZero" => null,
            "Transpose" => Array.IndexOf(n.Attributes.Ints("perm") ?? [.. Enumerable.Range(0, rank).Select(i => (long)(rank - 1 - i))], a),
            "Squeeze" => Axes(n, rank, x.Shape).Contains(a) ? null : a - Axes(n, rank, x.Shape).Count(r => r < a),
            "Unsqueeze" => Enumerable.Range(0, y.Shape.Rank).Except(Axes(n, y.Shape.Rank, null)).ElementAt(a),
            "Gather" => AfterGather(n, index, a),
            "MatMul" => AfterMatMul(x.Shape, y.Shape, index, a),
            "Gemm" => index == 0 && a == n.Attributes.Int("transA") ? 0 : null,
            _ when n.OpType.StartsWith("Reduce", StringComparison.Ordinal) || n.OpType.StartsWith("Arg", StringComparison.Ordinal) => AfterReduction(n, x.Shape, a),
            _ => a + y.Shape.Rank - rank,                // axis by axis, or broadcast from the end
        };
        return axis >= 0 && axis < y.Shape.Rank && y.Shape[axis.Value] == x.Shape[a] ? new BatchPlace(axis.Value, outer) : null;
    }

    /// <summary>
    /// Elements keep their order, so the batch lies where as many elements are outside it as before. With a batch of 1 that can be said of several
    /// dimensions: the last one, of features, comes last then, and one where the batch stands outermost comes first.
    /// </summary>
    private static BatchPlace? AfterReshape(Shape x, Shape y, BatchPlace place, long batch)
    {
        long outside = Product(x, place.Axis) * place.Outer;
        BatchPlace[] possible = [.. Enumerable.Range(0, y.Rank).Where(Fits).Select(j => new BatchPlace(j, outside / Product(y, j)))];
        return possible.Length == 0 ? null : possible.OrderBy(p => p.Axis == y.Rank - 1).ThenBy(p => p.Outer).ThenBy(p => p.Axis != place.Axis).First();

        bool Fits(int j) => outside % Product(y, j) == 0 && y[j].Value % (outside / Product(y, j) * batch) == 0;
    }

    private static int? AfterGather(Node n, int input, int a)
    {
        int rank = n.Inputs[0]!.Shape!.Rank;
        int axis = (int)n.Attributes.Int("axis");
        axis = axis < 0 ? axis + rank : axis;
        if (input == 1)
            return axis + a;
        return a == axis ? null : a < axis ? a : a - 1 + n.Inputs[1]!.Shape!.Rank;
    }

    private static int? AfterMatMul(Shape x, Shape y, int input, int a)
    {
        int summed = input == 0 ? x.Rank - 1 : Math.Max(x.Rank - 2, 0);
        return a == summed ? null : a + y.Rank - x.Rank;
    }

    private static int? AfterReduction(Node n, Shape x, int a)
    {
        int[] reduced = n.Attributes.Has("axis") || n.OpType.StartsWith("Arg", StringComparison.Ordinal)
            ? [(int)((n.Attributes.Int("axis") + x.Rank) % x.Rank)] : [.. Axes(n, x.Rank, null)];
        if (reduced.Contains(a) || (reduced.Length == 0 && n.Attributes.Int("noop_with_empty_axes") == 0))
            return null;
        return n.Attributes.Int("keepdims", 1) != 0 ? a : a - reduced.Count(r => r < a);
    }

    /// <summary>The axes in input 1; all of size 1 in <paramref name="ones"/> where there is none.</summary>
    private static IEnumerable<int> Axes(Node n, int rank, Shape? ones) => n.Input(1) is { } axes
        ? (axes.ConstantContent()?.ToLongs() ?? []).Select(i => (int)(i < 0 ? i + rank : i))
        : Enumerable.Range(0, ones?.Rank ?? 0).Where(i => ones![i].Value == 1);

    private static long Product(Shape shape, int count) => shape.Take(count).Aggregate(1L, (p, d) => p * d.Value!.Value);
}
