using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Where RoiAlign reads along one axis: S samples in each of the P bins of each of the R regions.</summary>
/// <param name="Places">Coordinates on the image, held within it, [R, P, S].</param>
/// <param name="Inside">1 where the sample reads the image, 0 where it lies too far outside, [R, P, S].</param>
/// <param name="Exists">1 for the samples that the region has, [R, 1, S]; null where all have equally many.</param>
/// <param name="Share">What a sample counts in the mean of its bin.</param>
/// <param name="Last">Last place on the axis, a scalar.</param>
internal sealed record RoiSamples(Value Places, Value Inside, Value? Exists, Value Share, Value Last)
{
    /// <summary>Appends the samples of one axis.</summary>
    /// <param name="op">Builds the backward graph.</param>
    /// <param name="n">The RoiAlign.</param>
    /// <param name="vertical">Along the height, or the width.</param>
    public static RoiSamples Of(GraphBuilder op, ForwardNode n, bool vertical)
    {
        bool halfPixels = n.Attributes.String("coordinate_transformation_mode", "half_pixel") == "half_pixel";
        Value scaled = op.Mul(n.B, op.Scalar(n.Attributes.Float("spatial_scale", 1), n.B));
        Value regions = halfPixels ? op.Sub(scaled, op.Scalar(0.5, n.B)) : scaled;
        Value start = Bound(op, regions, vertical ? 1 : 0), end = Bound(op, regions, vertical ? 3 : 2);
        Value extent = halfPixels ? op.Sub(end, start) : op.Max(op.Sub(end, start), op.One(start));
        long bins = n.Attributes.Int(vertical ? "output_height" : "output_width", 1);
        Value bin = op.Div(extent, op.Scalar(bins, extent));
        Value size = op.NumberOf(n.X, vertical ? 2 : 3, start), last = op.Sub(size, op.One(size));
        (Value within, Value share, Value? exists) = n.Attributes.Int("sampling_ratio") is > 0 and long count
            ? (Centres(op, op.Scalar(count, bin), bin, op.Scalar(count, bin)), op.Scalar(1.0 / count, bin), null)
            : AsManyAsElements(op, bin);
        Value firsts = op.Reshape(op.Range(op.Zero(bin), op.Scalar(bins, bin), op.One(bin)), -1, 1);
        Value place = op.Add(op.Add(start, op.Mul(firsts, bin)), within);        // in ONNX Runtime's order, for equal rounding at the border
        Value outside = op.Max(op.Below(place, op.Scalar(-1, place)), op.Above(place, size));
        return new RoiSamples(op.Clip(place, op.Zero(place), last), op.Sub(op.One(place), outside), exists, share, last);
    }

    /// <summary>One coordinate of the regions, [R, 1, 1].</summary>
    private static Value Bound(GraphBuilder op, Value regions, long column) => op.Reshape(op.Gather(regions, op.Long(column), axis: 1), -1, 1, 1);

    /// <summary>Without a sampling ratio, each region has as many samples in a bin as the bin has elements; regions with fewer leave some out.</summary>
    private static (Value Within, Value Share, Value? Exists) AsManyAsElements(GraphBuilder op, Value bin)
    {
        Value one = op.One(bin), count = op.Op("Ceil", [bin]), divisor = op.Max(count, one);
        Value most = op.ReduceMax(op.Concat(0, op.Reshape(divisor, -1), op.Unsqueeze(one, 0)), [], keepDims: false);
        Value exists = op.CastLike(op.Less(op.Range(op.Zero(bin), most, one), count), bin);
        return (Centres(op, most, bin, divisor), op.Div(exists, divisor), exists);
    }

    /// <summary>(i + ½)·bin/divisor for i from 0 to <paramref name="count"/>.</summary>
    private static Value Centres(GraphBuilder op, Value count, Value bin, Value divisor) =>
        op.Div(op.Mul(op.Add(op.Range(op.Zero(count), count, op.One(count)), op.Scalar(0.5, count)), bin), divisor);
}
