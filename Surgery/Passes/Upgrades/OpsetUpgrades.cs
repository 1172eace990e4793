namespace OnnxFineTune.Surgery;

/// <summary>All upgrade steps, by operator and by the version that changed it.</summary>
internal static class OpsetUpgrades
{
    private static readonly IReadOnlyDictionary<(string OpType, int Version), OpsetUpgrade>[] Families =
    [
        LegacyUpgrades.Steps,
        ShapeUpgrades.Steps,
        ResizeUpgrades.Steps,
        ReductionUpgrades.Steps,
        NormalizationUpgrades.Steps,
        MiscellaneousUpgrades.Steps,
        ExperimentalUpgrades.Steps,
    ];

    /// <summary>Steps that look at the shapes of values.</summary>
    private static readonly HashSet<(string OpType, int Version)> Shaped =
    [
        .. LegacyUpgrades.Broadcasting.Select(op => (op, 7)), ("PRelu", 7), ("Softmax", 13), ("LogSoftmax", 13), ("Hardmax", 13),
        ("Clip", 11), ("Pad", 11), ("Dropout", 10), ("GroupNormalization", 21), .. ExperimentalUpgrades.Steps.Keys,
    ];

    /// <summary>Every step.</summary>
    public static IReadOnlyDictionary<(string OpType, int Version), OpsetUpgrade> All { get; } =
        new Dictionary<(string, int), OpsetUpgrade>(Families.SelectMany(f => f));

    /// <summary>Whether a step that the node passes through looks at shapes or element types.</summary>
    public static bool NeedsShapes(Node node, long from, int target) =>
        Shaped.Any(s => s.OpType == node.OpType && s.Version > from && s.Version <= target);
}
