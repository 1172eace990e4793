using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// dL/dX of Resize, which is linear in X and works axis by axis: Y = A₁ X A₂ᵀ …, so dX = A₁ᵀ g A₂ …. The matrix of an axis is what the very same
/// Resize makes of the identity along that axis; nothing of coordinates, rounding and interpolation is stated again.
/// </summary>
internal static class ResizeGradient
{
    private const int Roi = 1;
    private const int Scales = 2;
    private const int Sizes = 3;

    /// <summary>Appends dL/dX.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        if (NearestEnlargement.Factors(n) is { } factors)
            return [NearestEnlargement.Append(op, n, g, factors)];
        Value result = g;
        for (int axis = n.Rank - 1; axis >= 0; axis--)
            if (!IsKept(n, axis))
                result = Apply(op, n, result, axis, op.CastLike(Matrix(op, n, axis), g));
        return [result];
    }

    /// <summary>The resized axes, in the order of scales, sizes and roi.</summary>
    public static int[] Axes(ForwardNode n) => n.Attributes.Ints("axes") is { } axes
        ? [.. axes.Select(a => (int)(a < 0 ? a + n.Rank : a))]
        : [.. Enumerable.Range(0, n.Rank)];

    /// <summary>Whether sizes are fitted to one common scale.</summary>
    public static bool HasPolicy(ForwardNode n) => n.Attributes.String("keep_aspect_ratio_policy", "stretch") != "stretch";

    /// <summary>Whether all elements along an axis stay as they are.</summary>
    private static bool IsKept(ForwardNode n, int axis)
    {
        int index = Array.IndexOf(Axes(n), axis);
        if (index < 0)
            return true;
        if (HasPolicy(n) || (Crops(n) && !SpansAll(n, index)))
            return false;
        if (n.Input(Sizes) is null && n.Input(Scales)?.Data is { } scales)
            return scales.ToFloats()[index] == 1;
        bool isSame = n.X.Shape is { } from && n.Y.Shape is { } to && from[axis] == to[axis];
        // Equal sizes at two sizes of the batch are equal by design; a computed scale near 1 may leave one static size as it is.
        return isSame && (n.Input(Sizes) is not null ? n.X.Shape![axis] is { IsStatic: true } or { Symbol: not null } : n.X.Shape![axis].Symbol is not null);
    }

    private static bool Crops(ForwardNode n) => n.Attributes.String("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";

    private static bool SpansAll(ForwardNode n, int index) =>
        n.Input(Roi)?.Data?.ToFloats() is { } roi && roi[index] == 0 && roi[index + (roi.Length / 2)] == 1;

    /// <summary>[elements of X, elements of Y] along one axis: how much of each element of X is in each element of Y.</summary>
    private static Value Matrix(GraphBuilder op, ForwardNode n, int axis)
    {
        int rank = Math.Max(n.Rank, 2), place = n.Rank == 1 ? 1 : axis, other = place == 0 ? 1 : 0;
        Value resized = Resized(op, n, axis, place, Identity(op, n, axis, rank, place, other));
        Value matrix = op.Reshape(resized, 0, -1);
        return place == 0 ? op.Transpose(matrix, 1, 0) : matrix;
    }

    /// <summary>The identity matrix along axes <paramref name="place"/> and <paramref name="other"/>, with axes of size 1 around it.</summary>
    private static Value Identity(GraphBuilder op, ForwardNode n, int axis, int rank, int place, int other)
    {
        Value size = op.SizeOf(n.X, axis);
        Value one = op.Longs(1);
        return op.Reshape(op.IdentityMatrix(size, size), op.Concat(0, [.. Enumerable.Range(0, rank).Select(i => i == place || i == other ? size : one)]));
    }

    private static Value Resized(GraphBuilder op, ForwardNode n, int axis, int place, Value identity)
    {
        int[] axes = Axes(n);
        int index = Array.IndexOf(axes, axis);
        if (HasPolicy(n))
            return ResizedWithPolicy(op, n, axis, axes, identity);
        Value? roi = Crops(n) ? op.Gather(n.Input(Roi)!, op.Longs(index, index + axes.Length)) : null;
        Value? sizes = n.Input(Sizes) is not { } s ? null : n.Y.Shape?[axis].Value is long size ? op.Longs(size) : op.Slice(s, 0, index, index + 1);
        Value? scales = sizes is null ? op.Slice(n.Input(Scales)!, 0, index, index + 1) : null;
        return SameResize(op, n, [identity, roi, scales, sizes], [place]);
    }

    /// <summary>The common scale follows from all sizes, so the others have to be there: the identity is repeated along them, and one copy is kept.</summary>
    private static Value ResizedWithPolicy(GraphBuilder op, ForwardNode n, int axis, int[] axes, Value identity)
    {
        int other = axis == 0 ? 1 : 0;
        if (n.Rank == 1 || axes.Contains(other))
            throw new GraphException($"The gradient of {n.Node} with a keep_aspect_ratio_policy needs its spatial axes named by the attribute " +
                $"'axes', without axis {other}. Freeze everything before '{n.Y.Name}' or cut there.");
        int[] others = [.. axes.Where(a => a != axis)];
        Value repeated = others.Length == 0 ? identity : op.Expand(identity, op.Concat(0,
            [.. Enumerable.Range(0, n.Rank).Select(i => others.Contains(i) ? op.SizeOf(n.X, i) : op.Longs(1))]));
        Value resized = SameResize(op, n, [repeated, null, null, n.Input(Sizes)], [.. axes.Select(a => (long)a)]);
        return others.Aggregate(resized, (v, a) => op.Gather(v, op.Longs(0), a));
    }

    private static Value SameResize(GraphBuilder op, ForwardNode n, Value?[] inputs, long[] axes)
    {
        Value result = op.Op("Resize", inputs);
        NodeAttributes attributes = result.Producer!.Attributes;
        foreach (NodeAttribute attribute in n.Attributes.Where(a => a.Name != "extrapolation_value"))
            attributes.Set(attribute);
        attributes.Set("axes", axes);
        if (Crops(n))
            attributes.Set("extrapolation_value", 0f);          // what lies outside does not depend on X
        return result;
    }

    /// <summary>Multiplies by the matrix along one axis; the axes behind it have the sizes of X already.</summary>
    private static Value Apply(GraphBuilder op, ForwardNode n, Value g, int axis, Value matrix)
    {
        int rank = n.Rank;
        if (axis == rank - 1)
            return op.MatMul(g, op.Transpose(matrix, 1, 0));
        if (axis == rank - 2)
            return op.MatMul(matrix, g);
        long[] kept = new long[axis + 1];                       // zeros copy the size
        Value product = op.MatMul(matrix, op.Reshape(g, [.. kept, -1]));
        return op.Reshape(product, op.Concat(0, [op.Longs(kept), .. Enumerable.Range(axis + 1, rank - axis - 1).Select(i => op.SizeOf(n.X, i))]));
    }
}
