using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Gradients of BatchNormalization, Y = (X − mean)/σ · scale + B by channel, with given statistics, or with those of the batch
/// (training_mode = 1), on which X then acts too: Ioffe and Szegedy, arXiv:1502.03167, section 3.
/// </summary>
internal static class BatchNormalizationGradients
{
    private const int Mean = 3;
    private const int Variance = 4;

    /// <summary>Appends the gradients of X, scale, B and, where they are used, mean and variance.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        long[] axes = Axes(n.Rank);
        Value epsilon = op.Scalar(n.Attributes.Float("epsilon", 1e-5f), n.X);
        return n.Attributes.Int("training_mode") != 0 ? BatchStatistics(op, n, g, axes, epsilon) : GivenStatistics(op, n, g, axes, epsilon);
    }

    /// <summary>All axes but that of the channels.</summary>
    public static long[] Axes(int rank) => [0, .. Enumerable.Range(2, Math.Max(rank - 2, 0)).Select(i => (long)i)];

    private static IReadOnlyList<Value?> GivenStatistics(GraphBuilder op, ForwardNode n, Value g, long[] axes, Value epsilon)
    {
        Value inverse = op.Reciprocal(op.Sqrt(op.Add(n.Input(Variance)!, epsilon)));
        Value slope = op.Mul(n.B, inverse);
        Value dX = op.Mul(g, Channels(op, slope, n));
        bool needsSum = n.Needs(2) || n.Needs(Mean);
        Value? sum = needsSum ? op.ReduceSum(g, axes, keepDims: false) : null;
        Value? along = n.Needs(1) || n.Needs(Variance)      // Σ g·(X − mean)/σ
            ? op.Mul(op.ReduceSum(op.Mul(g, op.Sub(n.X, Channels(op, n.Input(Mean)!, n))), axes, keepDims: false), inverse)
            : null;
        return
        [
            n.Needs(0) ? dX : null,
            n.Needs(1) ? along : null,
            n.Needs(2) ? sum : null,
            n.Needs(Mean) ? op.Neg(op.Mul(sum!, slope)) : null,
            n.Needs(Variance) ? op.Mul(op.Mul(op.Mul(along!, slope), inverse), op.Scalar(-0.5, n.X)) : null,
        ];
    }

    /// <summary>dX = scale/σ · (g − mean(g) − (X − mean)/σ · mean(g · (X − mean)/σ)), with all factors by channel gathered first.</summary>
    private static IReadOnlyList<Value?> BatchStatistics(GraphBuilder op, ForwardNode n, Value g, long[] axes, Value epsilon)
    {
        bool given = n.Attributes.Float("momentum", 0.9f) == 0 && n.Output(1) is not null && n.Output(2) is not null;      // running statistics are then the batch's
        Value centred = op.Sub(n.X, given ? Channels(op, n.Output(1)!, n) : op.ReduceMean(n.X, axes));
        Value variance = given ? Channels(op, n.Output(2)!, n) : op.ReduceMean(op.Mul(centred, centred), axes);
        Value inverse = op.Reciprocal(op.Sqrt(op.Add(variance, epsilon)));
        Value sum = op.ReduceSum(g, axes);
        Value along = op.Mul(op.ReduceSum(op.Mul(g, centred), axes), inverse);
        return
        [
            n.Needs(0) ? Input(op, n, g, centred, inverse, sum, along) : null,
            n.Needs(1) ? op.Reshape(along, -1) : null,
            n.Needs(2) ? op.Reshape(sum, -1) : null,
        ];
    }

    private static Value Input(GraphBuilder op, ForwardNode n, Value g, Value centred, Value inverse, Value sum, Value along)
    {
        Value slope = op.Mul(Channels(op, n.B, n), inverse);
        Value share = op.Div(slope, op.CastLike(op.Div(op.Size(n.X), op.Size(n.B)), g));
        Value perCentred = op.Mul(op.Mul(along, inverse), share);
        return op.Sub(op.Sub(op.Mul(g, slope), op.Mul(centred, perCentred)), op.Mul(sum, share));
    }

    private static Value Channels(GraphBuilder op, Value vector, ForwardNode n) => NormalizationGradients.PerChannel(op, vector, n.Rank);
}
