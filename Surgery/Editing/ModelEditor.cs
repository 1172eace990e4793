namespace OnnxFineTune.Surgery;

/// <summary>
/// Cuts the end off a network and attaches a new one. Works on a copy in working form; weights are shared with the original and not read.
/// </summary>
/// <remarks>
/// An edit is about one output. Where a model has several (auxiliary classifiers, for example), <see cref="RemoveClassifier"/> takes the first that ends
/// in a classifier, <see cref="CutAt"/> any that the value leads to, and the others the first; the remaining outputs are dropped, with all that only they
/// need. Inputs that the kept part does not read are dropped too.
/// </remarks>
public sealed class ModelEditor
{
    private readonly Model _original;
    private readonly Model _model;
    private readonly HashSet<string> _names;
    private readonly List<string> _headParameters = [];
    private string? _cut;

    internal ModelEditor(Model model)
    {
        _original = model;
        _model = model.ToWorkingForm();
        _names = [.. Graph.Values.Select(v => v.Name)];
    }

    /// <summary>What the next head would read: the value that was cut at, or the output of the last head.</summary>
    public Value Features => MainOutput();

    private Graph Graph => _model.Graph;

    /// <summary>Removes the classifier that <see cref="ClassifierFinder"/> recognises, its own dropout included.</summary>
    /// <exception cref="GraphException">None is recognised; the message lists the last values one could cut at.</exception>
    public ModelEditor RemoveClassifier()
    {
        Keep(ClassifierFinder.Get(_model).Features);
        return this;
    }

    /// <summary>Removes everything behind a value, any number of layers back.</summary>
    /// <param name="value">Name of the value that becomes the features, as in the original file.</param>
    /// <param name="dropBypass">
    /// Allows a value inside a block, round which data flows to the output (skip connections, parallel branches): what goes round is dropped.
    /// </param>
    /// <exception cref="GraphException">
    /// There is no such value (the message gives the nearest names), it is no float tensor computed from the input, or data flows round it (the
    /// message says through which values, and where else to cut).
    /// </exception>
    public ModelEditor CutAt(string value, bool dropBypass = false)
    {
        Value cut = Resolve(value);
        if (ConstantSource.Of(cut) is not null)
            throw new GraphException($"'{value}' is a weight, not a value computed from the input. Cut at the output of the node that reads it.");
        if (cut.ElementType is not (ElementType.Float or ElementType.Undefined))
            throw new GraphException($"'{value}' holds {cut.ElementType}, not features: a head needs float. Cut at another value.");
        DataPaths[] paths = [.. Graph.Outputs.Select(o => new DataPaths(Graph, o))];
        if (!Array.Exists(paths, p => p.IsCut(cut)) && !(dropBypass && Array.Exists(paths, p => p.Contains(cut))))
            throw new GraphException(CutAdvice.For(cut, paths));
        Keep(cut);
        return this;
    }

    /// <summary>Removes the last layers with a weight: Conv, ConvTranspose, Gemm, MatMul, LSTM, GRU or RNN, with what stands around them.</summary>
    /// <param name="layers">How many, counted from the output.</param>
    /// <exception cref="GraphException">
    /// The model has fewer, or that many end inside a block with a skip connection; the message gives the numbers that are possible.
    /// </exception>
    public ModelEditor RemoveLast(int layers)
    {
        Keep(LastLayers.FeaturesBefore(Graph, MainOutput(), layers));
        return this;
    }

    /// <summary>Attaches a head to the features; several may be attached in turn.</summary>
    /// <exception cref="GraphException">The head does not fit the features.</exception>
    public ModelEditor Attach(IHead head)
    {
        Value features = Features;
        if (!FeatureValues.IsBatchFirst(features))
            throw new GraphException($"A head cannot stand on '{features.Name}' {features.Shape}: its first dimension is not the batch. Cut at another value.");
        _cut ??= BeforeDropout(features).Name;
        HeadBuilder builder = new(Graph, HeadPrefix());
        Value output = head.Build(builder, features);
        Graph.SetOutputs(output);
        _headParameters.AddRange(builder.Parameters.Select(p => p.Name));
        return this;
    }

    /// <summary>
    /// The edited model: one output, named <c>logits</c> where a head was attached. Nothing unused is left in it. The editor can go on afterwards without
    /// changing it.
    /// </summary>
    public Model Build()
    {
        Model built = _model.Clone();
        Graph graph = built.Graph;
        Value output = graph.Outputs.Count > 0 ? graph.Outputs[0] : throw NoOutput();
        if (output.Producer is null)
            output = HeadBuilder.Shaped(new GraphBuilder(graph).Identity(output), [.. output.Shape ?? Shape.Scalar]);
        graph.SetOutputs(output);
        RemoveUnused.Run(graph);
        if (_cut is not null)
            built.Cut = (_cut, _cut);
        if (_headParameters.Count > 0)
            NameLogits(built, output);
        if (_headParameters.Count > 0)
            built.Metadata.Remove(Model.LabelsKey);       // they named the classes of the former classifier
        built.HeadParameters = _headParameters.Count > 0 ? _headParameters : _model.HeadParameters;
        return built;
    }

    private const string LogitsName = "logits";

    private void Keep(Value features)
    {
        Graph.SetOutputs(features);
        RemoveUnused.Run(Graph);
        foreach (Value input in Graph.FeedInputs.Where(v => v.Uses.Count == 0 && v != features).ToArray())
            Graph.RemoveInput(input);
        _headParameters.RemoveAll(name => Graph.Find(name) is null);
        if (_headParameters.Count == 0)
            _cut = null;
    }

    /// <summary>The same features in a model for inference, where Dropout is gone.</summary>
    private static Value BeforeDropout(Value features)
    {
        while (features.Producer is { OpType: "Dropout", Domain: Model.StandardDomain } dropout)
            features = dropout.Inputs[0]!;
        return features;
    }

    private static void NameLogits(Model model, Value output)
    {
        Graph graph = output.Graph;
        if (graph.Find(LogitsName) != output)
            model.Vacate(LogitsName, LogitsName);
        string nodeName = output.Producer!.Name;
        graph.Rename(output, LogitsName);
        output.Producer.Name = nodeName;
    }

    private Value MainOutput() => Graph.Outputs.Count > 0 ? Graph.Outputs[0] : throw NoOutput();

    private static GraphException NoOutput() => new("The model has no output, so there is nothing to edit. Choose another model.");

    /// <summary><c>head</c>, or <c>head2</c> … where the model has a head already.</summary>
    private string HeadPrefix()
    {
        for (int i = 1; ; i++)
        {
            string prefix = i == 1 ? "head" : $"head{i}";
            if (!Graph.Values.Any(v => v.Name.StartsWith(prefix + ".", StringComparison.Ordinal) || v.Name.StartsWith(prefix + "/", StringComparison.Ordinal)))
                return prefix;
        }
    }

    /// <summary>The value of this name; where working form has bypassed the node that computed it (Identity and the like), what that node read.</summary>
    private Value Resolve(string name)
    {
        if (Graph.Find(name) is { } value)
            return value;
        if (_names.Contains(name))
            throw new GraphException($"'{name}' cannot be the cut: an earlier cut of this edit has removed it. Cut there first, or start a new edit.");
        for (Value? original = _original.Graph.Find(name); original?.Producer is { OpType: "Identity" or "Cast" or "Dropout" } node; original = node.Input(0))
            if (node.Input(0) is { } source && Graph.Find(source.Name) is { } kept)
                return kept;
        return Graph.Get(name);
    }
}
