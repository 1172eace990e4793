namespace OnnxFineTune.Surgery;

/// <summary>Which parameters of a model are trained; the others are frozen.</summary>
public abstract partial record Trainable
{
    private Trainable()
    {
    }

    /// <summary>The attached head (<see cref="Model.HeadParameters"/>), or the recognised classifier where no head was attached. The default.</summary>
    public static Trainable Head { get; } = new HeadOnly();

    /// <summary>The adapters that <see cref="Lora.Attach"/> has given the model, and the attached head; all else stays as it is.</summary>
    public static Trainable Adapters { get; } = new AdaptersAndHead();

    /// <summary>Every parameter.</summary>
    public static Trainable All { get; } = new Everything();

    /// <summary>The parameters of all nodes behind a value, the head included.</summary>
    /// <param name="value">Name of a value of the model.</param>
    public static Trainable From(string value) => new Behind(value);

    /// <summary>The parameters whose name fits a pattern.</summary>
    /// <param name="pattern">A name in which * stands for any characters and ? for one; several are separated by commas. Upper and lower case differ.</param>
    public static Trainable Matching(string pattern) => new Named(pattern);

    /// <summary>
    /// Reads <c>head</c>, <c>adapters</c>, <c>all</c>, <c>from:VALUE</c>, <c>blocks:N</c>, <c>biases</c>, <c>normalization</c> or a pattern as in <see cref="Matching"/>; the reverse of
    /// <see cref="ToString"/>.
    /// </summary>
    /// <exception cref="ArgumentException">What stands behind <c>blocks:</c> is no number of blocks.</exception>
    public static Trainable Parse(string text) => text switch
    {
        "head" => Head,
        "adapters" => Adapters,
        "all" => All,
        "biases" => Biases,
        "normalization" => Normalization,
        _ when text.StartsWith(FromPrefix, StringComparison.Ordinal) => From(text[FromPrefix.Length..]),
        _ when text.StartsWith(BlocksPrefix, StringComparison.Ordinal) => ParseBlocks(text),
        _ => Matching(text),
    };

    /// <summary>The parameters to train, in file order; see <see cref="Parameters.Of"/> for what a parameter is.</summary>
    /// <param name="model">A model in working form, as <see cref="ModelEditor.Build"/> gives: elsewhere weights may hide in Constant nodes.</param>
    /// <exception cref="GraphException">None fits (the message lists the nearest names), or a value does not exist.</exception>
    public IReadOnlyList<Value> Select(Model model)
    {
        IReadOnlyList<Value> parameters = Parameters.Of(model);
        if (parameters.Count == 0)
            throw new GraphException("The model has no parameters to train: no floating-point weight of rank 1 or more is stored in it. Attach a head.");
        HashSet<Value> chosen = Choose(model, parameters);
        Value[] selected = [.. parameters.Where(chosen.Contains)];
        return selected.Length > 0 ? selected : throw new GraphException(Nothing(parameters));
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public sealed override string ToString() => Text;

    private const string FromPrefix = "from:";

    private protected abstract string Text { get; }

    private protected abstract HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters);

    private protected virtual string Nothing(IReadOnlyList<Value> parameters) => $"'{Text}' selects no parameter to train. Use another selection, for example 'all'.";

    private static HashSet<Value> HeadOf(Model model) =>
        model.HeadParameters is { Count: > 0 } names ? [.. names.Select(model.Graph.Get)] : [.. ClassifierFinder.Get(model).Parameters];

    private sealed record HeadOnly : Trainable
    {
        private protected override string Text => "head";

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters) => HeadOf(model);
    }

    private sealed record AdaptersAndHead : Trainable
    {
        private protected override string Text => "adapters";

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters) => model.AdapterParameters is { Count: > 0 } names
            ? [.. names.Concat(model.HeadParameters).Select(model.Graph.Get)]
            : throw new GraphException($"The model has no adapters to train: attach some first ({nameof(Lora)}.{nameof(Lora.Attach)}; --lora on the command line).");
    }

    private sealed record Everything : Trainable
    {
        private protected override string Text => "all";

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters) => [.. parameters];
    }

    private sealed record Behind(string Value) : Trainable
    {
        private protected override string Text => FromPrefix + Value;

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters)
        {
            HashSet<Value> behind = [model.Graph.Get(Value)], reached = DataPaths.Reached(model.Graph), read = [];
            foreach (Node node in model.Graph.Nodes.Where(n => TopologicalOrder.Reads(n).Any(behind.Contains)))
            {
                behind.UnionWith(node.Outputs.OfType<Value>());
                read.UnionWith(ConstantSource.ReadBy(node, reached));
            }
            return read;
        }

        private protected override string Nothing(IReadOnlyList<Value> parameters) =>
            $"No parameter stands behind '{Value}'. Use a value further from the output; `onnxft inspect` lists them.";
    }

    private sealed record Named(string Pattern) : Trainable
    {
        private protected override string Text => Pattern;

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters)
        {
            NamePattern pattern = new(Pattern);
            return [.. parameters.Where(p => pattern.Fits(p.Name))];
        }

        private protected override string Nothing(IReadOnlyList<Value> parameters) =>
            $"No parameter's name fits '{Pattern}'.{NearestNames.Hint(Pattern, parameters.Select(p => p.Name))}";
    }
}
