using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of normalization over a layer, an instance or groups of channels: Y = (X − mean)/σ · scale + B.</summary>
internal static class NormalizationGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "BatchNormalization", BatchNormalizationGradients.Append },
        { "LayerNormalization", LayerNormalization },
        { "InstanceNormalization", InstanceNormalization },
        { "GroupNormalization", GroupNormalization },
        { "MeanVarianceNormalization", MeanVariance },
        { "LpNormalization", LpNormalization },
        { "LRN", LocalResponseGradient.Append },
    };

    private static IReadOnlyList<Value?> LayerNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        long axis = n.Attributes.Int("axis", -1);
        long[] axes = Axes(axis < 0 ? axis + n.Rank : axis, n.Rank);
        Value normalized;
        Value inverse;
        if (n.Output(1) is { } mean && n.Output(2) is { } inverseDeviation && mean.ElementType == n.X.ElementType)
            (normalized, inverse) = (op.Mul(op.Sub(n.X, mean), inverseDeviation), inverseDeviation);
        else
            (normalized, inverse) = Normalize(op, n.X, axes, n.Attributes.Float("epsilon", 1e-5f));
        return
        [
            n.Needs(0) ? Input(op, op.Mul(g, n.B), normalized, inverse, axes) : null,
            n.Needs(1) ? op.SumTo(op.Mul(g, normalized), n.X.Shape, n.B) : null,
            n.Needs(2) ? op.SumTo(g, n.X.Shape, n.Input(2)!) : null,
        ];
    }

    private static IReadOnlyList<Value?> InstanceNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] spatial = Axes(2, n.Rank);
        (Value normalized, Value inverse) = Normalize(op, n.X, spatial, n.Attributes.Float("epsilon", 1e-5f));
        return
        [
            n.Needs(0) ? Input(op, op.Mul(g, PerChannel(op, n.B, n.Rank)), normalized, inverse, spatial) : null,
            n.Needs(1) ? op.ReduceSum(op.Mul(g, normalized), [0, .. spatial], keepDims: false) : null,
            n.Needs(2) ? op.ReduceSum(g, [0, .. spatial], keepDims: false) : null,
        ];
    }

    private static IReadOnlyList<Value?> GroupNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] spatial = Axes(2, n.Rank);
        Value shape = op.ShapeOf(n.X);
        Value grouped = op.Reshape(n.X, 0, n.Attributes.Int("num_groups"), -1);
        (Value normalized, Value inverse) = Normalize(op, grouped, [2], n.Attributes.Float("epsilon", 1e-5f));
        Value? dX = null;
        if (n.Needs(0))
        {
            Value scaled = op.Reshape(op.Mul(g, PerChannel(op, n.B, n.Rank)), 0, n.Attributes.Int("num_groups"), -1);
            dX = op.Reshape(Input(op, scaled, normalized, inverse, [2]), shape);
        }
        return
        [
            dX,
            n.Needs(1) ? op.ReduceSum(op.Mul(g, op.Reshape(normalized, shape)), [0, .. spatial], keepDims: false) : null,
            n.Needs(2) ? op.ReduceSum(g, [0, .. spatial], keepDims: false) : null,
        ];
    }

    /// <summary>With 1/(σ + 10⁻⁹), as the standard writes it out.</summary>
    private static IReadOnlyList<Value?> MeanVariance(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] axes = n.Attributes.Ints("axes") ?? [0, 2, 3];
        Value centred = op.Sub(n.X, op.ReduceMean(n.X, axes));
        Value inverse = op.Reciprocal(op.Add(op.Sqrt(op.ReduceMean(op.Mul(centred, centred), axes)), op.Scalar(1e-9, g)));
        return [Input(op, g, op.Mul(centred, inverse), inverse, axes)];
    }

    /// <summary>Y = X/‖X‖ along one axis: (g − Y·Σ(g·Y))/‖X‖, for the norm of absolute values (g − sign X·Σ(g·Y))/‖X‖; 0 where the norm is.</summary>
    private static IReadOnlyList<Value?> LpNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] axes = [n.Attributes.Int("axis", -1)];
        bool squares = n.Attributes.Int("p", 2) == 2;
        Value norm = op.Op(squares ? "ReduceL2" : "ReduceL1", [n.X, op.Longs(axes)]);
        Value along = op.Mul(squares ? n.Y : op.SignOf(n.X), op.ReduceSum(op.Mul(g, n.Y), axes));
        Value isZero = op.Equal(norm, op.Zero(norm));
        Value inverse = op.Where(isZero, op.Zero(norm), op.Reciprocal(norm));
        return [op.Mul(op.Sub(g, along), inverse)];
    }

    /// <summary>(X − mean)/σ and 1/σ over the given axes, σ² = variance + epsilon.</summary>
    private static (Value Normalized, Value Inverse) Normalize(GraphBuilder op, Value x, long[] axes, float epsilon)
    {
        Value centred = op.Sub(x, op.ReduceMean(x, axes));
        Value variance = op.ReduceMean(op.Mul(centred, centred), axes);
        Value inverse = op.Reciprocal(op.Sqrt(op.Add(variance, op.Scalar(epsilon, x))));
        return (op.Mul(centred, inverse), inverse);
    }

    /// <summary>With h = dL/d(normalized): (h − mean(h) − normalized · mean(h · normalized)) / σ.</summary>
    private static Value Input(GraphBuilder op, Value h, Value normalized, Value inverse, long[] axes)
    {
        Value along = op.Mul(normalized, op.ReduceMean(op.Mul(h, normalized), axes));
        return op.Mul(op.Sub(op.Sub(h, op.ReduceMean(h, axes)), along), inverse);
    }

    private static long[] Axes(long from, long to) => [.. Enumerable.Range((int)from, (int)(to - from)).Select(i => (long)i)];

    /// <summary>[C] as [C, 1, …], to multiply [N, C, …].</summary>
    internal static Value PerChannel(GraphBuilder op, Value vector, int rank) =>
        rank == 2 ? vector : op.Reshape(vector, [-1, .. Enumerable.Repeat(1L, rank - 2)]);
}
