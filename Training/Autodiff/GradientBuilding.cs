using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What several gradient rules say in one word.</summary>
internal static class GradientBuilding
{
    /// <summary>2¹²⁶: turns the smallest normal float32 into 1.</summary>
    private const float Steep = 8.5070592e37f;

    /// <summary>2¹⁰⁰: leaves room for bounds up to 10⁸.</summary>
    private const float FoldedSteep = 1.2676506e30f;

    /// <summary>A scalar 1 of the type of <paramref name="like"/>.</summary>
    public static Value One(this GraphBuilder op, Value like) => op.Scalar(1, like);

    /// <summary>A scalar 0 of the type of <paramref name="like"/>.</summary>
    public static Value Zero(this GraphBuilder op, Value like) => op.Scalar(0, like);

    /// <summary>Ones of the type and shape of <paramref name="like"/>, whose shape is static with one element.</summary>
    public static Value Ones(this GraphBuilder op, Value like) =>
        like.Shape!.Rank == 0 ? op.One(like) : op.Constant(TensorData.FromBytes(like.ElementType, like.Shape, op.One(like).Data!.Bytes));

    /// <summary>Zeros of the shape of <paramref name="x"/> and the type of <paramref name="like"/>.</summary>
    public static Value ZerosLike(this GraphBuilder op, Value x, Value like) => op.Zeros(op.ShapeOf(x), like);

    /// <summary>Zeros of the given shape and the type of <paramref name="like"/>.</summary>
    public static Value Zeros(this GraphBuilder op, Value shape, Value like) => op.ConstantOfShape(shape,
        TensorData.FromBytes(like.ElementType, Shape.Of(1), op.Zero(like).Data!.Bytes));

    /// <summary>A float32 matrix with ones on its diagonal.</summary>
    /// <param name="rows">int64 [1].</param>
    /// <param name="columns">int64 [1].</param>
    public static Value IdentityMatrix(this GraphBuilder op, Value rows, Value columns) =>
        op.Op("EyeLike", [op.ConstantOfShape(op.Concat(0, rows, columns), TensorData.FromFloats([0f], 1))]);

    /// <summary>The matrix [indices, depth] with a 1 in each row at its index, in the type of <paramref name="like"/>.</summary>
    public static Value Places(this GraphBuilder op, Value indices, Value depth, Value like) =>
        op.CastLike(op.OneHot(indices, depth, op.Constant(TensorData.FromFloats([0f, 1f], 2))), like);

    /// <summary>Zeros before and after <paramref name="x"/> along one axis.</summary>
    /// <remarks>
    /// Widths of all axes are written out: ONNX Runtime's transpose optimizer, when it moves a Transpose through a Pad, permutes the widths as if
    /// there were no input <c>axes</c>.
    /// </remarks>
    public static Value PadAxis(this GraphBuilder op, Value x, int rank, int axis, long before, long after)
    {
        long[] widths = new long[2 * rank];
        (widths[axis], widths[axis + rank]) = (before, after);
        return op.Pad(x, op.Longs(widths));
    }

    /// <summary>The size of one axis as an int64 vector of one element: a constant where it is static.</summary>
    public static Value SizeOf(this GraphBuilder op, Value x, long axis)
    {
        long place = axis < 0 ? axis + x.Shape!.Rank : axis;
        return x.Shape![(int)place].Value is long size ? op.Longs(size) : op.Shape_(x, place, place + 1);
    }

    /// <summary>The size of one axis as a scalar of the type of <paramref name="like"/>.</summary>
    public static Value NumberOf(this GraphBuilder op, Value x, int axis, Value like) => x.Shape![axis].Value is long size
        ? op.Scalar(size, like)
        : op.CastLike(op.Squeeze(op.Shape_(x, axis, axis + 1), 0), like);

    /// <summary>
    /// <paramref name="g"/> in the shape of <paramref name="like"/>, by a constant shape where at most one size is open: reading the shape
    /// when the graph runs would keep the activation alive until then.
    /// </summary>
    /// <param name="from">Shape of <paramref name="g"/>, where known: open sizes equal to those of <paramref name="like"/> at the same place are copied.</param>
    public static Value ReshapeTo(this GraphBuilder op, Value g, Shape? from, Value like)
    {
        if (like.Shape is { } to && to.All(d => d.Value != 0))
        {
            long[] sizes = [.. to.Select((d, i) => d.Value ?? (d.Symbol is not null && i < from?.Rank && from[i] == d ? 0 : -1))];
            if (sizes.Count(s => s < 0) <= 1)
                return op.Reshape(g, sizes);
        }
        return op.Op("Reshape", [g, op.ShapeOf(like)], ("allowzero", 1));
    }

    /// <summary>1 where x > 0, <paramref name="atZero"/> at 0, and 0 below, in the type of x.</summary>
    /// <remarks>
    /// One HardSigmoid, so steep that every normal number reaches 0 or 1: a quarter of the time of a comparison and a cast, which are not
    /// vectorized in ONNX Runtime.
    /// </remarks>
    public static Value Step(this GraphBuilder op, Value x, float atZero = 0) =>
        Steps(op, x, Steep, atZero);

    /// <summary>1 where x > bound, else 0.</summary>
    /// <remarks>A constant bound goes into the HardSigmoid itself; exact, because a power of two loses no digit.</remarks>
    public static Value Above(this GraphBuilder op, Value x, Value bound) =>
        Foldable(bound) is float b ? Steps(op, x, FoldedSteep, -b * FoldedSteep) : op.Step(op.Sub(x, bound));

    /// <summary>1 where x &lt; bound, else 0; as <see cref="Above"/>.</summary>
    public static Value Below(this GraphBuilder op, Value x, Value bound) =>
        Foldable(bound) is float b ? Steps(op, x, -FoldedSteep, b * FoldedSteep) : op.Step(op.Sub(bound, x));

    private static Value Steps(GraphBuilder op, Value x, float alpha, float beta) =>
        op.CastLike(op.HardSigmoid(op.Cast(x, ElementType.Float), alpha, beta), x);

    private static float? Foldable(Value bound) =>
        bound.Data is { Count: 1 } data && MathF.Abs(data.ToFloats()[0]) < 1e8f ? data.ToFloats()[0] : null;

    /// <summary>−1, 0 or 1; a steep Clip, five times as fast as Sign in ONNX Runtime.</summary>
    public static Value SignOf(this GraphBuilder op, Value x)
    {
        Value steep = op.Mul(op.Cast(x, ElementType.Float), op.Scalar(Steep));
        return op.CastLike(op.Clip(steep, op.Scalar(-1), op.Scalar(1)), x);
    }

    /// <summary>Undoes a broadcast: sums <paramref name="g"/> over the axes along which <paramref name="like"/> was repeated.</summary>
    /// <param name="g">A gradient.</param>
    /// <param name="from">Shape of <paramref name="g"/>, to which <paramref name="like"/> was broadcast.</param>
    /// <param name="like">The value before it was broadcast.</param>
    /// <returns><paramref name="g"/> itself where nothing was repeated; else a value of the shape of <paramref name="like"/>.</returns>
    /// <exception cref="GraphException">A rank is unknown.</exception>
    public static Value SumTo(this GraphBuilder op, Value g, Shape? from, Value like)
    {
        if (from is null || like.Shape is not { } to)
            throw new GraphException($"The gradient of '{like.Name}' needs its rank, which shape inference did not find.");
        int missing = from.Rank - to.Rank;
        long[] leading = [.. Enumerable.Range(0, Math.Max(missing, 0)).Select(i => (long)i)];
        long[] repeated = [.. Enumerable.Range(0, to.Rank).Where(i => to[i].Value == 1 && from[i + missing].Value != 1).Select(i => (long)i + missing)];
        bool open = Enumerable.Range(0, to.Rank).Any(i => MayBeRepeated(to[i], from[i + missing]));
        if (leading.Length + repeated.Length > 0 && !open)
            g = Sum(op, g, leading, repeated);
        else if (open)
            g = SumAtRunTime(op, g, missing, like);
        else
            return g;
        g.Shape = to;
        return g;
    }

    private static Value Sum(GraphBuilder op, Value g, long[] leading, long[] repeated)
    {
        if (repeated.Length == 0)
            return op.ReduceSum(g, leading, keepDims: false);
        Value sum = op.ReduceSum(g, [.. leading, .. repeated]);
        return leading.Length == 0 ? sum : op.Squeeze(sum, leading);
    }

    /// <summary>Sizes that shape inference does not know are compared when the graph runs.</summary>
    private static Value SumAtRunTime(GraphBuilder op, Value g, int missing, Value like)
    {
        Value shape = op.Shape_(like);
        Value padded = missing == 0 ? shape : op.Concat(0, op.Longs([.. Enumerable.Repeat(1L, missing)]), shape);
        Value axes = op.Reshape(Indices(op, op.Not(op.Equal(padded, op.Shape_(g)))), -1);
        Value sum = op.Op("ReduceSum", [g, axes], ("keepdims", true), ("noop_with_empty_axes", true));
        return missing == 0 ? sum : op.Reshape(sum, shape);
    }

    private static Value Indices(GraphBuilder op, Value condition)
    {
        Value indices = op.Op("NonZero", [condition]);
        indices.ElementType = ElementType.Int64;
        return indices;
    }

    private static bool MayBeRepeated(Dimension to, Dimension from) => !to.IsStatic && from.Value != 1 && (to.Symbol is null || to != from);
}
