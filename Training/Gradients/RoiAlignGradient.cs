using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>dL/dX of RoiAlign. The regions get no gradient, as in torchvision.</summary>
internal static class RoiAlignGradient
{
    private const int BatchIndices = 2;

    /// <summary>Appends dL/dX.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        RoiSamples rows = RoiSamples.Of(op, n, vertical: true), columns = RoiSamples.Of(op, n, vertical: false);
        return [n.Attributes.String("mode", "avg") == "max" ? Max(op, n, g, rows, columns) : Average(op, n, g, rows, columns)];
    }

    /// <summary>
    /// Bilinear samples and their mean work axis by axis: a region is A₁ X A₂ᵀ of its image, so dX = Σ A₁ᵀ g A₂ over the regions. That sum is one
    /// product per image, over all rows of all regions; those of other images are set to 0.
    /// </summary>
    private static Value Average(GraphBuilder op, ForwardNode n, Value g, RoiSamples rows, RoiSamples columns)
    {
        Value across = op.MatMul(g, op.Unsqueeze(Matrix(op, columns), 1));                                                // [R, C, P, W]
        Value right = op.Reshape(op.Transpose(across, 0, 2, 1, 3), op.Concat(0, op.Longs(-1), Product(op, n, 1, 3)));    // [R·P, C·W]
        Value images = op.Transpose(op.Places(n.Input(BatchIndices)!, op.Squeeze(op.SizeOf(n.X, 0), 0), g), 1, 0);         // [N, R]
        Value down = op.Unsqueeze(op.Transpose(Matrix(op, rows), 2, 0, 1), 0);                                            // [1, H, R, P]
        Value left = op.Mul(down, op.Unsqueeze(images, [1, 3]));
        Value sums = op.MatMul(op.Reshape(left, 0, 0, -1), right);
        Value separate = op.Reshape(sums, op.Concat(0, op.Longs(0, 0), op.SizeOf(n.X, 1), op.SizeOf(n.X, 3)));
        return op.Transpose(separate, 0, 2, 1, 3);
    }

    /// <summary>How much of each element of an axis is in each bin, [R, P, size]: the weight falls from 1 at the sample to 0 at one element's distance.</summary>
    private static Value Matrix(GraphBuilder op, RoiSamples samples)
    {
        Value one = op.One(samples.Places);
        Value elements = op.Range(op.Zero(one), op.Add(samples.Last, one), one);
        Value near = op.Max(op.Sub(one, op.Abs(op.Sub(op.Unsqueeze(samples.Places, 3), elements))), op.Zero(one));
        return op.ReduceSum(op.Mul(near, op.Unsqueeze(op.Mul(samples.Inside, samples.Share), 3)), [2], keepDims: false);
    }

    /// <summary>
    /// ONNX takes the maximum over the four weighted elements of all samples (not over the samples): the element that has it gets its weight of g.
    /// </summary>
    private static Value Max(GraphBuilder op, ForwardNode n, Value g, RoiSamples rows, RoiSamples columns)
    {
        (Value row, Value rowWeight, Value? rowExists) = Corners(op, rows);
        (Value column, Value columnWeight, Value? columnExists) = Corners(op, columns);
        Value Flat(Value byRow, Value byColumn, Func<Value, Value, Value> combine) =>                                     // [R, P, P, K, 1]
            op.Unsqueeze(op.Reshape(combine(op.Unsqueeze(byRow, [2, 4]), op.Unsqueeze(byColumn, [1, 3])), 0, 0, 0, -1), 4);
        Value image = op.Reshape(op.Mul(n.Input(BatchIndices)!, Product(op, n, 2, 3)), -1, 1, 1, 1, 1);
        Value places = op.Add(Flat(op.Mul(row, op.SizeOf(n.X, 3)), column, op.Add), image);
        Value weights = Flat(rowWeight, columnWeight, op.Mul);
        Value elements = op.Reshape(op.Transpose(n.X, 0, 2, 3, 1), op.Concat(0, op.Longs(-1), op.SizeOf(n.X, 1)));       // [N·H·W, C]
        Value candidates = op.Mul(op.Gather(elements, op.Squeeze(places, 4)), weights);
        if (rowExists is not null && columnExists is not null)
        {
            Value exists = Flat(rowExists, columnExists, op.Mul);
            candidates = op.Where(op.Greater(exists, op.Zero(exists)), candidates, op.Scalar(float.MinValue, candidates));
            weights = op.Mul(weights, exists);
        }
        Value chosen = op.ArgMax(candidates, axis: 3);                                                                     // [R, P, P, 1, C]
        Value Chosen(Value all) => op.GatherElements(op.Expand(all, op.Shape_(candidates)), chosen, axis: 3);
        Value updates = op.Mul(op.Squeeze(Chosen(weights), 3), op.Transpose(g, 0, 2, 3, 1));
        Value Rows(Value all) => op.Reshape(all, op.Concat(0, op.Longs(-1), op.SizeOf(n.X, 1)));
        Value sums = op.ScatterElements(op.Zeros(op.Shape_(elements), g), Rows(Chosen(places)), Rows(updates), axis: 0, "add");
        Value separate = op.Reshape(sums, op.Concat(0, op.SizeOf(n.X, 0), op.SizeOf(n.X, 2), op.SizeOf(n.X, 3), op.SizeOf(n.X, 1)));
        return op.Transpose(separate, 0, 3, 1, 2);
    }

    /// <summary>The elements in front of and behind each sample, [R, P, 2·S].</summary>
    private static (Value Places, Value Weights, Value? Exists) Corners(GraphBuilder op, RoiSamples samples)
    {
        Value one = op.One(samples.Places), floor = op.Floor(samples.Places), behind = op.Sub(samples.Places, floor);
        Value places = op.Concat(2, floor, op.Min(op.Add(floor, one), samples.Last));
        Value weights = op.Concat(2, op.Mul(op.Sub(one, behind), samples.Inside), op.Mul(behind, samples.Inside));
        Value? exists = samples.Exists is null ? null : op.Concat(2, samples.Exists, samples.Exists);
        return (op.Cast(places, ElementType.Int64), weights, exists is null ? null : op.Expand(exists, op.Shape_(weights)));
    }

    /// <summary>The product of two sizes of X, [1].</summary>
    private static Value Product(GraphBuilder op, ForwardNode n, int first, int second) => op.Mul(op.SizeOf(n.X, first), op.SizeOf(n.X, second));
}
