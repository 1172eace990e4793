namespace OnnxFineTune.Surgery;

/// <summary>All operators that can be written out in simpler ones, by domain and name.</summary>
internal static class Expansions
{
    /// <summary>The families; the one place to add another.</summary>
    private static readonly IReadOnlyDictionary<(string Domain, string OpType), Expansion>[] Families =
    [
        FunctionExpansions.All,
        AttentionExpansions.All,
        CacheExpansions.All,
        RuntimeActivationExpansions.All,
        RuntimeNormalizationExpansions.All,
        RuntimeAttentionExpansions.All,
        RuntimeDecoderExpansions.All,
        QuantizedExpansions.All,
        RegionExpansions.All,
        RecurrentExpansions.All,
        ControlFlowExpansions.All,
        SequenceExpansions.All,
    ];

    /// <summary>Every expansion.</summary>
    public static IReadOnlyDictionary<(string Domain, string OpType), Expansion> All { get; } =
        new Dictionary<(string, string), Expansion>(Families.SelectMany(f => f));

    /// <summary>What operators must have to be written out, where that is not always so.</summary>
    public static IReadOnlyDictionary<(string Domain, string OpType), string> Limits { get; } = new Dictionary<(string, string), string>(
        [.. RecurrentExpansions.Limits, .. ControlFlowExpansions.Limits, .. AttentionExpansions.Limits, .. CacheExpansions.Limits, .. SequenceExpansions.Limits, .. RuntimeDecoderExpansions.Limits]);

    /// <summary>The expansion of a node's operator, or null.</summary>
    public static Expansion? Find(Node node) => All.GetValueOrDefault((node.Domain, node.OpType));
}
