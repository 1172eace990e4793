namespace OnnxFineTune.Surgery;

/// <summary>
/// Low-rank adapters on the weights of a model: beside a weight W that stays as it is, two small matrices learn what is added to it, W + (alpha/rank)·B·A. Few numbers are trained and
/// saved (<see cref="LoraAdapter"/>), and <see cref="Model.MergeAdapters"/> gives a plain model again.
/// </summary>
/// <remarks>Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", arXiv:2106.09685.</remarks>
public sealed record Lora
{
    /// <summary>Rank of what is added to a weight, from 1 to 4096; 8 by default. A weight for which the adapter would not be the smaller of the two gets none.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>What is added is multiplied by alpha/rank; above 0, and as large as the rank (the factor is 1) where it is null, as by default.</summary>
    public float? Alpha { get; init; }

    /// <summary>
    /// Which weights of MatMul, Gemm and Conv get an adapter, by the weight's name, or by the node's or its output's, since exporters often number weights; * stands for any characters
    /// and ? for one, several patterns are separated by commas. All by default. The attached head never gets one: it is trained itself.
    /// </summary>
    public string Pattern { get; init; } = "*";

    /// <summary>Seed of the initial A; B begins at 0, so that the model computes at first what it did before.</summary>
    public int Seed { get; init; }

    /// <summary>What is wrong, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> errors = [];
        if (Rank is < 1 or > LargestRank)
            errors.Add($"{nameof(Lora)}.{nameof(Rank)} is {Rank}; it must be from 1 to {LargestRank}.");
        if (Alpha is { } alpha && !(alpha > 0 && float.IsFinite(alpha)))
            errors.Add($"{nameof(Lora)}.{nameof(Alpha)} is {alpha}; it must be above 0.");
        if (string.IsNullOrWhiteSpace(Pattern.Replace(",", "")))
            errors.Add($"{nameof(Lora)}.{nameof(Pattern)} is empty; give patterns of names, or * for all weights.");
        return errors;
    }

    /// <summary>Gives the chosen weights adapters, as nodes of the graph.</summary>
    /// <param name="model">Any model; it is not changed. Half precision is computed in float32.</param>
    /// <returns>The model in working form, with adapters that add nothing as yet, and what is to know about them.</returns>
    /// <remarks>
    /// Beside a MatMul or Gemm stands a branch x·Aᵀ·Bᵀ, beside a Conv with many channels a convolution to rank channels and one of 1×1 to the outputs. A Conv with few channels convolves with
    /// the sum W + (alpha/rank)·B·A instead, which is faster there. The result is the same in either form.
    /// </remarks>
    /// <exception cref="GraphException">No weight fits, none of those that fit can have an adapter, or the model has adapters already; the message says why.</exception>
    /// <exception cref="ArgumentException">Options are out of range; the message lists all of them.</exception>
    public LoraAttachment Attach(Model model)
    {
        if (Validate() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(' ', errors));
        if (model.HasAdapters)
            throw new GraphException($"The model has adapters already; merge them first ({nameof(Model.MergeAdapters)}), or start from the model without them.");
        Model adapted = model.ToWorkingForm();
        LoraChoice choice = LoraChoice.Of(adapted, this);
        InitialWeights initial = new(unchecked(Seed ^ 0x4C6F5241));       // not the numbers that a head of this seed begins with
        string[] names = [.. choice.Weights.Select(w => w.Weight.Name)];
        AdapterSettings settings = new(Rank, Alpha ?? Rank, names);
        foreach (AdaptableWeight weight in choice.Weights)
            AdapterNodes.Append(weight, initial, settings);
        adapted.Adapters = settings;
        adapted.Cut ??= (adapted.Graph.Outputs[0].Name, adapted.Graph.Outputs[0].Name);
        return new LoraAttachment(adapted, names, adapted.AdapterParameters.Sum(p => adapted.Graph.Get(p).Data!.Count), choice.Warnings);
    }

    private const int LargestRank = 4096;
}
