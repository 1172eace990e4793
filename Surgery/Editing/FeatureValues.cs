namespace OnnxFineTune.Surgery;

/// <summary>Tells on which values of a graph a head can stand.</summary>
internal static class FeatureValues
{
    /// <summary>Whether a value holds floats with one row per example, as far as is known.</summary>
    public static bool CanCarryHead(Value value) => value.ElementType is ElementType.Float or ElementType.Undefined && IsBatchFirst(value);

    /// <summary>Whether the first dimension is the batch of the input: windows of attention, for example, lie in it as well.</summary>
    public static bool IsBatchFirst(Value value)
    {
        if (value.Shape is not { } shape)
            return true;
        Dimension batch = value.Graph.FeedInputs.FirstOrDefault(v => v.Shape is { Rank: > 0 })?.Shape![0] ?? Dimension.Unknown;
        return shape.Rank > 0 && (batch == Dimension.Unknown || shape[0] == Dimension.Unknown || shape[0] == batch);
    }
}
