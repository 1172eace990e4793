namespace OnnxFineTune.Surgery;

/// <summary>Steps from <c>Upsample</c> and the first <c>Resize</c> to the present one.</summary>
internal static class ResizeUpgrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>
    {
        [("Upsample", 9)] = ScalesToInput,
        [("Upsample", 10)] = UpsampleToResize,
        [("Resize", 11)] = Asymmetric,
        [("Resize", 13)] = OneOfScalesAndSizes,
    };

    private static void ScalesToInput(Node n, GraphBuilder b)
    {
        if (n.Attributes.Floats("scales") is not { } scales)
            return;
        n.SetInput(1, b.Constant(TensorData.FromFloats(scales, scales.Length)));
        n.Attributes.Remove("scales");
    }

    private static void UpsampleToResize(Node n, GraphBuilder b)
    {
        n.OpType = "Resize";
        if (n.Attributes.String("mode") == "bilinear")
            n.Attributes.Set("mode", "linear");
    }

    /// <summary>The first Resize had no choice of coordinates: x = x′ / scale, rounded down to enlarge and up to shrink; where it does both, two do it now.</summary>
    private static void Asymmetric(Node n, GraphBuilder b)
    {
        n.SetInputs([n.Inputs[0], null, n.Inputs[1]]);
        n.Attributes.Set("coordinate_transformation_mode", "asymmetric");
        if (n.Attributes.String("mode", "nearest") != "nearest")
            return;
        float[] scales = n.Inputs[2]!.ConstantContent()?.ToFloats() ?? [];
        bool shrinks = scales.Any(s => s < 1);
        n.Attributes.Set("nearest_mode", shrinks ? "ceil" : "floor");
        if (!shrinks || scales.All(s => s <= 1))
            return;
        Value enlarged = b.Op("Resize", [n.Inputs[0], null, Scales(b, scales, s => Math.Max(s, 1))],
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        n.SetInput(0, enlarged);
        n.SetInput(2, Scales(b, scales, s => Math.Min(s, 1)));
    }

    private static Value Scales(GraphBuilder b, float[] scales, Func<float, float> limit) =>
        b.Constant(TensorData.FromFloats([.. scales.Select(limit)], scales.Length));

    /// <summary>Scales had to be given, possibly empty, beside sizes.</summary>
    private static void OneOfScalesAndSizes(Node n, GraphBuilder b)
    {
        if (n.Input(3) is not null)
            n.SetInput(2, null);
    }
}
