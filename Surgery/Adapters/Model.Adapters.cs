namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Metadata key of what <see cref="Lora.Attach"/> has added: rank, alpha and the names of the weights, as JSON.</summary>
    public const string AdaptersKey = "onnxft.lora";

    /// <summary>Put behind the name of a value to which an adapter adds something.</summary>
    internal const string BeforeAdapter = "/before_adapter";

    /// <summary>Whether the model has adapters that are not merged.</summary>
    public bool HasAdapters => AdapterParameters.Count > 0;

    /// <summary>
    /// Names of the parameters of the adapters, <c>NAME.lora_A</c> and <c>NAME.lora_B</c> for a weight NAME; empty where there are none. They are kept in the metadata, so that a saved
    /// model still knows them.
    /// </summary>
    public IReadOnlyList<string> AdapterParameters => Adapters is { } settings
        ? [.. settings.Weights.SelectMany(w => new[] { AdapterA(w), AdapterB(w) }).Where(n => Graph.Find(n) is not null)]
        : [];

    /// <summary>What the metadata say of adapters, or null.</summary>
    internal AdapterSettings? Adapters
    {
        get => Metadata.TryGetValue(AdaptersKey, out string? json) ? AdapterSettings.Read(json) : null;
        set
        {
            if (value is null)
                Metadata.Remove(AdaptersKey);
            else
                Metadata[AdaptersKey] = value.ToJson();
        }
    }

    /// <summary>
    /// A copy in which each adapted weight is W + (alpha/rank)·B·A and the nodes of the adapters are gone: a plain model of the structure it had before, all other weights the very same
    /// tensors. It computes the same up to rounding.
    /// </summary>
    /// <exception cref="GraphException">The nodes of an adapter were changed, or A and B do not fit their weight.</exception>
    public Model MergeAdapters()
    {
        Model merged = Clone();
        if (Adapters is not { } settings)
            return merged;
        Graph graph = merged.Graph;
        string[] names = [.. settings.Weights.Where(w => graph.Find(AdapterB(w)) is not null)];
        Dictionary<string, (TensorData A, TensorData B)> adapters = names.ToDictionary(n => n, n => (Constant(graph, AdapterA(n)), Constant(graph, AdapterB(n))));
        foreach (string name in names)
            AdapterRemoval.Run(graph, name);
        merged.Adapters = null;
        merged.FoldAdapters(adapters, settings.Scale);
        return merged;
    }

    /// <summary>Puts W + scale·B·A in the place of weights that have no nodes of an adapter.</summary>
    internal void FoldAdapters(IReadOnlyDictionary<string, (TensorData A, TensorData B)> adapters, float scale)
    {
        IReadOnlyDictionary<string, AdaptableWeight> weights = LayerWeights.Named(Graph, adapters.Keys);
        foreach ((string name, (TensorData a, TensorData b)) in adapters)
            Graph.SetInitializer(weights[name].Weight, weights[name].Fold(a, b, scale));
    }

    /// <summary>Name of the A of a weight.</summary>
    internal static string AdapterA(string weight) => $"{weight}.lora_A";

    /// <summary>Name of the B of a weight.</summary>
    internal static string AdapterB(string weight) => $"{weight}.lora_B";

    private static TensorData Constant(Graph graph, string name) =>
        graph.Find(name)?.Data ?? throw new GraphException($"'{name}' is not stored in the model, so its adapter cannot be merged. Take the model as it was saved.");
}
