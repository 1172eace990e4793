namespace OnnxFineTune.Surgery;

/// <summary>Steps of operators that belong to no larger family.</summary>
internal static class MiscellaneousUpgrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>
    {
        [("Scan", 9)] = (n, _) => throw n.CannotUpgrade("the first Scan runs over batches and sequence lengths, which later ones do not."),
        [("Clip", 11)] = Clip,
        [("RoiAlign", 16)] = (n, _) => n.Attributes.Set("coordinate_transformation_mode", n.Attributes.String("coordinate_transformation_mode", "output_half_pixel")),
        [("GridSample", 20)] = GridSample,
        [("DFT", 20)] = Dft,
    };

    private static void Clip(Node n, GraphBuilder b)
    {
        if (n.Attributes["min"] is { Content: float min })
            n.SetInput(1, b.Scalar(min, n.Inputs[0]!));
        if (n.Attributes["max"] is { Content: float max })
            n.SetInput(2, b.Scalar(max, n.Inputs[0]!));
        n.Attributes.Remove("min");
        n.Attributes.Remove("max");
    }

    private static void GridSample(Node n, GraphBuilder b)
    {
        string mode = n.Attributes.String("mode", "bilinear");
        n.Attributes.Set("mode", mode switch { "bilinear" => "linear", "bicubic" => "cubic", _ => mode });
    }

    private static void Dft(Node n, GraphBuilder b)
    {
        n.SetInput(2, b.Long(n.Attributes.Int("axis", 1)));
        n.Attributes.Remove("axis");
    }
}
