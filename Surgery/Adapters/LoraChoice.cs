namespace OnnxFineTune.Surgery;

/// <summary>The weights that get an adapter, and why others do not.</summary>
internal sealed class LoraChoice
{
    private const int NamesShown = 3;

    private LoraChoice(IReadOnlyList<AdaptableWeight> weights, IReadOnlyList<string> warnings) => (Weights, Warnings) = (weights, warnings);

    /// <summary>The weights, in the order of the nodes that read them.</summary>
    public IReadOnlyList<AdaptableWeight> Weights { get; }

    /// <summary>One sentence for each reason.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Chooses among the weights of a model in working form.</summary>
    /// <exception cref="GraphException">None fits, or none of those that fit can have an adapter.</exception>
    public static LoraChoice Of(Model model, Lora lora)
    {
        HashSet<string> head = [.. model.HeadParameters];
        LayerWeight[] layers = [.. LayerWeights.Of(model.Graph).Where(w => !head.Contains(w.Name))];
        if (layers.Length == 0)
            throw new GraphException("The model has no MatMul, Gemm or Conv with a weight of its own, so there is nothing to adapt. Train it otherwise, for example a head alone.");
        NamePattern pattern = new(lora.Pattern);
        LayerWeight[] fitting = [.. layers.Where(w => w.Names.Any(pattern.Fits))];
        if (fitting.Length == 0)
            throw new GraphException($"No weight of a MatMul, Gemm or Conv, nor such a node, fits '{lora.Pattern}'.{NearestNames.Hint(lora.Pattern, layers.SelectMany(w => w.Names).Distinct())}");
        (LayerWeight Layer, string? Reason)[] judged = [.. fitting.Select(w => (w, w.Reason ?? TooSmall(w, lora.Rank)))];
        string[] reasons = [.. judged.Where(j => j.Reason is not null).GroupBy(j => j.Reason!, j => j.Layer.Name).Select(g => Sentence([.. g], g.Key))];
        AdaptableWeight[] chosen = [.. judged.Where(j => j.Reason is null).Select(j => j.Layer.Weight!)];
        return chosen.Length > 0 ? new LoraChoice(chosen, reasons) : throw new GraphException($"No weight can have an adapter of rank {lora.Rank}. {string.Join(' ', reasons)}{Remedy(fitting)}");
    }

    private static string? TooSmall(LayerWeight layer, int rank) =>
        layer.Weight!.HighestRank >= rank ? null : $"an adapter of rank {rank} would hold as many numbers as the weight itself";

    private static string Sentence(IReadOnlyList<string> names, string reason)
    {
        string shown = string.Join(", ", names.Take(NamesShown).Select(n => $"'{n}'"));
        string rest = names.Count > NamesShown ? $" and {names.Count - NamesShown} more" : "";
        return $"{shown}{rest} {(names.Count == 1 ? "gets" : "get")} no adapter: {reason}.";
    }

    private static string Remedy(LayerWeight[] layers) =>
        layers.Max(w => w.Reason is null ? w.Weight!.HighestRank : 0) is > 0 and long highest ? $" Give a rank of at most {highest}." : " Choose other weights.";
}
