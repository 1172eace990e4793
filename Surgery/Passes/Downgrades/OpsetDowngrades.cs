namespace OnnxFineTune.Surgery;

/// <summary>All downgrade steps, by operator and by the version that brought or changed it.</summary>
internal static class OpsetDowngrades
{
    /// <summary>Operators that cannot be written in earlier ones, or not with sensible effort.</summary>
    public static readonly IReadOnlyDictionary<(string OpType, int Version), string> Without = new Dictionary<(string, int), string>
    {
        [("BitCast", 26)] = "the operator is new there, and no earlier one looks at the bits of an element",
    };

    /// <summary>Operators that are written out in earlier ones.</summary>
    private static readonly IReadOnlyDictionary<(string OpType, int Version), OpsetDowngrade> WrittenOut = new Dictionary<(string, int), OpsetDowngrade>
    {
        [("RMSNormalization", 23)] = FunctionExpansions.RootMeanSquare,
        [("RotaryEmbedding", 23)] = AttentionExpansions.Rotary,
        [("Attention", 23)] = AttentionExpansions.Attention,
        [("Swish", 24)] = FunctionExpansions.Swish,
        [("TensorScatter", 24)] = CacheExpansions.TensorScatter,
        [("CumProd", 26)] = FunctionExpansions.CumulativeProduct,
    };

    private static readonly IReadOnlyDictionary<(string OpType, int Version), OpsetDowngrade>[] Families =
    [
        AttributeDowngrades.Steps,
        WrittenOut,
        Without.ToDictionary(w => w.Key, w => (OpsetDowngrade)((_, _) => w.Value)),
    ];

    /// <summary>Every step.</summary>
    public static IReadOnlyDictionary<(string OpType, int Version), OpsetDowngrade> All { get; } =
        new Dictionary<(string, int), OpsetDowngrade>(Families.SelectMany(f => f));

    /// <summary>The steps of a node from one version down to another, the latest first.</summary>
    public static IEnumerable<(int Version, OpsetDowngrade Step)> Steps(Node node, long from, int target)
    {
        if (node.Domain != Model.StandardDomain)
            yield break;
        for (int version = (int)from; version > target; version--)
            if (All.TryGetValue((node.OpType, version), out OpsetDowngrade? step))
                yield return (version, step);
    }
}
