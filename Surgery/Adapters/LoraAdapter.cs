namespace OnnxFineTune.Surgery;

/// <summary>
/// What LoRA training has added to a model, and nothing else: A and B of each adapted weight, the new head, labels and preprocessing. Together with the original model it gives the tuned
/// model again, so that one model and many small files serve many tasks.
/// </summary>
/// <remarks>
/// The file is an ordinary ONNX model: the head, from the features to the outputs, with the adapters as further initializers, <c>NAME.lora_A</c> and <c>NAME.lora_B</c>. Its metadata
/// say where the head stands and hold a hash of each weight that the features depend on.
/// </remarks>
public sealed class LoraAdapter
{
    /// <summary>Metadata key of what the adapter was made for, as JSON.</summary>
    public const string BaseKey = "onnxft.adapter";

    private const string OwnKeys = "onnxft.";

    private readonly Model _file;
    private readonly AdapterSettings _settings;
    private readonly AdapterBase _base;

    private LoraAdapter(Model file, AdapterSettings settings, AdapterBase described) => (_file, _settings, _base) = (file, settings, described);

    /// <summary>Rank of each adapter.</summary>
    public int Rank => _settings.Rank;

    /// <summary>What is added to a weight is multiplied by alpha/rank.</summary>
    public float Alpha => _settings.Alpha;

    /// <summary>Names of the weights that have an adapter.</summary>
    public IReadOnlyList<string> Weights => _settings.Weights;

    /// <summary>Name of the value of the original model on which the head stands.</summary>
    public string Cut => _base.Cut;

    /// <summary>Named texts that travel with it, labels and preprocessing among them.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata.AsReadOnly();

    /// <summary>Takes the adapter out of a model.</summary>
    /// <param name="model">A model with adapters, whose other weights in front of the head are those of the original: see <see cref="Trainable.Adapters"/>.</param>
    /// <exception cref="GraphException">The model has no adapters, or its head reads more than the value at which it was cut.</exception>
    public static LoraAdapter Of(Model model)
    {
        if (model.Adapters is not { } settings || !model.HasAdapters)
            throw new GraphException($"The model has no adapters, so none can be saved. Attach some with {nameof(Lora)}.{nameof(Lora.Attach)} before it is trained.");
        (string cut, string present) = model.Cut is { } known && model.Graph.Find(known.Present) is not null ? known
            : throw new GraphException("The model does not say where its head begins, so the adapter cannot be told from the model; attach head and adapters in one go.");
        settings = settings with { Weights = [.. settings.Weights.Where(w => model.Graph.Find(Model.AdapterB(w)) is not null)] };
        Model front = model.MergeAdapters();
        foreach (string weight in settings.Weights)
            front.Graph.SetInitializer(front.Graph.Get(weight), model.Graph.Get(weight).Data!);      // as it was
        front.Graph.SetOutputs(front.Graph.Get(present));
        RemoveUnused.Run(front.Graph);
        AdapterBase described = AdapterBase.Of(front, cut);
        Model file = Head(model, present);
        foreach (string parameter in settings.Weights.SelectMany(w => new[] { Model.AdapterA(w), Model.AdapterB(w) }))
            file.Graph.AddInitializer(parameter, model.Graph.Get(parameter).Data!);
        foreach ((string key, string text) in model.Metadata.Where(m => m.Key.StartsWith(OwnKeys, StringComparison.Ordinal)))
            file.Metadata[key] = text;
        file.Adapters = settings;
        file.Metadata[BaseKey] = described.ToJson();
        return new LoraAdapter(file, settings, described);
    }

    /// <summary>Reads an adapter file.</summary>
    /// <exception cref="GraphException">The file is missing, damaged, or no adapter.</exception>
    public static LoraAdapter Load(string path)
    {
        Model file = Model.Load(path);
        return file.Metadata.TryGetValue(BaseKey, out string? json) && file.Adapters is { } settings
            ? new LoraAdapter(file, settings, AdapterBase.Read(json))
            : throw new GraphException($"'{path}' is an ONNX model but no adapter: its metadata lack '{BaseKey}'. Give the adapter that training has saved.");
    }

    /// <summary>Writes an ordinary ONNX file.</summary>
    /// <exception cref="GraphException">The file cannot be written; an existing one is untouched.</exception>
    public void Save(string path) => _file.Save(path);

    /// <summary>The tuned model: the original up to the cut with the adapters merged into its weights, and the head behind it.</summary>
    /// <param name="original">The model that was fine-tuned, as it was before; it is not changed.</param>
    /// <exception cref="GraphException">It is another model; the message says what differs.</exception>
    public Model Apply(Model original)
    {
        Model tuned = Front(original);
        _base.Check(tuned);
        tuned.FoldAdapters(_settings.Weights.ToDictionary(w => w, w => (Parameter(Model.AdapterA(w)), Parameter(Model.AdapterB(w)))), _settings.Scale);
        Value features = AppendHead(tuned);
        RemoveDropout.Run(tuned.Graph);
        foreach (string key in tuned.Metadata.Keys.Where(k => k.StartsWith(OwnKeys, StringComparison.Ordinal)).ToArray())
            tuned.Metadata.Remove(key);
        foreach ((string key, string text) in _file.Metadata.Where(m => m.Key is not (BaseKey or Model.AdaptersKey)))
            tuned.Metadata[key] = text;
        tuned.Cut = (Cut, features.Name);
        return tuned;
    }

    /// <summary>From the value at the cut to the outputs.</summary>
    private static Model Head(Model model, string present)
    {
        Model copy = model.Clone();
        Graph behind = copy.Graph, head = new(model.Graph.Name);
        Value features = behind.Get(present), taken = behind.AddInput(behind.UniqueName(present), features.ElementType, features.Shape);
        features.ReplaceUsesWith(taken);
        RemoveUnused.Run(behind);
        if (behind.FeedInputs.FirstOrDefault(i => i != taken && i.Uses.Count > 0) is { } other)
            throw new GraphException($"Layers behind '{present}' read '{other.Name}' too, so the head cannot be saved alone. Cut the model where all data pass one value.");
        Value input = head.AddInput(present, features.ElementType, features.Shape);
        Dictionary<Value, Value> map = new() { [taken] = input };
        GraphCopy.Append(head, behind, map);
        head.SetOutputs([.. behind.Outputs.Select(o => o == taken ? new GraphBuilder(head).Identity(input) : map[o])]);
        Model file = new(head) { IrVersion = model.IrVersion, ProducerName = model.ProducerName, ProducerVersion = model.ProducerVersion };
        foreach ((string domain, long version) in model.OpsetImports)
            file.OpsetImports[domain] = version;
        return file;
    }

    private Model Front(Model original)
    {
        try
        {
            return original.Edit().CutAt(_base.Cut, dropBypass: true).Build();
        }
        catch (GraphException e)
        {
            throw new GraphException($"The adapter stands on '{_base.Cut}', and the model cannot be cut there, so it is not the one that was fine-tuned. {e.Message}", e);
        }
    }

    private TensorData Parameter(string name) => _file.Graph.Find(name)?.Data
        ?? throw new GraphException($"The adapter file is damaged: it lacks '{name}'. Take another copy of it.");

    /// <summary>Puts the head behind the cut.</summary>
    /// <returns>What it reads.</returns>
    private Value AppendHead(Model tuned)
    {
        Graph graph = tuned.Graph, head = _file.Graph;
        Value features = graph.Outputs[0];
        if (head.Nodes is [{ OpType: "Identity" }])
            return features;                            // the model was trained as it is
        HashSet<string> adapters = [.. Weights.SelectMany(w => new[] { Model.AdapterA(w), Model.AdapterB(w) })];
        foreach (string name in head.Values.Where(v => !v.IsInput && !adapters.Contains(v.Name)).Select(v => v.Name))
            if (graph.Find(name) is { } taken)
                graph.Rename(taken, graph.UniqueName(name));
        Model own = _file.Clone();
        foreach (string name in adapters)
            own.Graph.RemoveInitializer(own.Graph.Get(name));
        Dictionary<Value, Value> map = new() { [own.Graph.FeedInputs.Single()] = features };
        GraphCopy.Append(graph, own.Graph, map);
        graph.SetOutputs([.. own.Graph.Outputs.Select(o => map[o])]);
        foreach ((string domain, long version) in _file.OpsetImports)
            tuned.OpsetImports[domain] = version;
        return features;
    }
}
