namespace OnnxFineTune.Surgery;

/// <summary>One entry of a graph's <c>value_info</c>.</summary>
/// <param name="Value">The value it declares, or null for a name that the graph does not have.</param>
/// <param name="Declaration">Its own wire format where the value is declared elsewhere too, or where there is no value; else null.</param>
internal readonly record struct ValueInfoEntry(Value? Value, ReadOnlyMemory<byte>? Declaration);

/// <summary>
/// A computation: inputs, initializers, nodes in topological order, outputs. Mutable; edits keep producers, uses and names consistent.
/// The graphs of control-flow operators (If, Loop, Scan) are graphs too, whose nodes may read values of the <see cref="Outer"/> graph.
/// </summary>
public sealed class Graph
{
    private readonly List<Node> _nodes = [];
    private readonly List<Value> _inputs = [];
    private readonly List<Value> _outputs = [];
    private readonly Dictionary<string, Value> _values = [];
    private readonly List<Value> _initializers = [];

    /// <summary>An empty graph.</summary>
    public Graph(string name = "graph", Graph? outer = null)
    {
        Name = name;
        Outer = outer;
    }

    /// <summary>Name of the graph.</summary>
    public string Name { get; set; }

    /// <summary>The graph around this subgraph, or null.</summary>
    public Graph? Outer { get; }

    /// <summary>Inputs, initializers with a default value included.</summary>
    public IReadOnlyList<Value> Inputs => _inputs;

    /// <summary>The inputs that a caller must feed: those that are not initializers too.</summary>
    public IEnumerable<Value> FeedInputs => _inputs.Where(v => !v.IsInitializer);

    /// <summary>Outputs.</summary>
    public IReadOnlyList<Value> Outputs => _outputs;

    /// <summary>Nodes in topological order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Constants that are stored in the file, in file order.</summary>
    public IReadOnlyList<Value> Initializers => _initializers;

    /// <summary>All values of this graph (not of its subgraphs).</summary>
    public IReadOnlyCollection<Value> Values => _values.Values;

    /// <summary>The <c>GraphProto</c> as it was read, less what is held as objects, in wire format (quantization annotations, metadata …).</summary>
    internal ReadOnlyMemory<byte> Unmodelled { get; set; }

    /// <summary>Declarations of outputs that are declared elsewhere too: inputs, and values of the graph around.</summary>
    internal Dictionary<Value, ReadOnlyMemory<byte>> OutputDeclarations { get; set; } = [];

    /// <summary>The entries of <c>value_info</c> in file order.</summary>
    internal List<ValueInfoEntry> ValueInfo { get; set; } = [];

    /// <summary>The value of this name, or null.</summary>
    public Value? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>The value of this name in this graph or in one around it, or null.</summary>
    public Value? FindInScope(string name) => Find(name) ?? Outer?.FindInScope(name);

    /// <summary>The value of this name.</summary>
    /// <exception cref="GraphException">There is none; the message gives the nearest names.</exception>
    public Value Get(string name) => Find(name) ?? throw new GraphException(
        $"The model has no value '{name}'.{NearestNames.Hint(name, _values.Keys)} `onnxft inspect` lists the values at which a model can be cut.");

    /// <summary>Adds an input.</summary>
    public Value AddInput(string name, ElementType type, Shape? shape)
    {
        Value value = NewValue(name);
        value.ElementType = type;
        value.Shape = shape;
        value.IsDeclared = true;
        _inputs.Add(value);
        return value;
    }

    /// <summary>Lists an existing value as an input, as files of IR version 3 do with initializers.</summary>
    public void AddInput(Value value) => _inputs.Add(Own(value));

    /// <summary>No longer lists the value as an input; an initializer stays one.</summary>
    public void RemoveInput(Value value)
    {
        _inputs.Remove(value);
        if (!value.IsInitializer && value.Uses.Count == 0 && !value.IsOutput)
            Forget(value);
    }

    /// <summary>Adds an output; the value must be of this graph, or of one around it in a subgraph.</summary>
    public void AddOutput(Value value) => _outputs.Add(value);

    /// <summary>Replaces all outputs.</summary>
    public void SetOutputs(params IReadOnlyList<Value> values)
    {
        Value[] copy = [.. values];
        _outputs.Clear();
        _outputs.AddRange(copy);
    }

    /// <summary>Adds a constant. The name is made unique.</summary>
    public Value AddInitializer(string name, TensorData data)
    {
        Value value = NewValue(UniqueName(name));
        SetInitializer(value, data);
        return value;
    }

    /// <summary>Makes <paramref name="value"/> a constant, or gives a constant other content.</summary>
    public void SetInitializer(Value value, TensorData data)
    {
        Own(value);
        if (value.Producer is not null)
            throw new GraphException($"'{value.Name}' is computed by {value.Producer} and cannot be an initializer as well.");
        if (!value.IsInitializer)
            _initializers.Add(value);
        value.Data = data;
        value.ElementType = data.ElementType;
        value.Shape = data.Shape;
    }

    /// <summary>Removes a constant that nothing uses any more.</summary>
    public void RemoveInitializer(Value value)
    {
        if (value.Uses.Count > 0 || value.IsOutput)
            throw new GraphException($"The initializer '{value.Name}' is in use and cannot be removed.");
        _inputs.Remove(value);
        _initializers.Remove(value);
        Forget(value);
    }

    /// <summary>Turns an initializer into an input that a caller must feed, as training does with parameters.</summary>
    /// <returns>The constant it held.</returns>
    public TensorData InitializerToInput(Value value)
    {
        TensorData data = value.Data ?? throw new GraphException($"'{value.Name}' is not an initializer.");
        value.Data = null;
        value.IsDeclared = true;
        _initializers.Remove(value);
        if (!_inputs.Contains(value))
            _inputs.Add(value);
        return data;
    }

    /// <summary>Adds a node with one new value per name in <paramref name="outputs"/>; null leaves an optional output out.</summary>
    /// <param name="before">Where to insert it; at the end when null. Inputs must come before it.</param>
    public Node AddNode(string opType, IReadOnlyList<Value?> inputs, IReadOnlyList<string?> outputs, string domain = "", string name = "", Node? before = null)
    {
        Node node = new(this, opType, domain, name);
        node.SetInputs(inputs);
        foreach (string? output in outputs)
            node.AddOutput(output is null ? null : NewValue(output));
        if (before is null)
            _nodes.Add(node);
        else
            _nodes.Insert(_nodes.IndexOf(before), node);
        return node;
    }

    /// <summary>Removes nodes whose outputs nothing outside them uses.</summary>
    public void RemoveNodes(IReadOnlyCollection<Node> nodes)
    {
        HashSet<Node> gone = [.. nodes];
        foreach (Node node in gone)
        {
            node.SetInputs([]);
            foreach (Graph subgraph in node.Attributes.Subgraphs)
                subgraph.Clear();
        }
        foreach (Value output in gone.SelectMany(n => n.Outputs).OfType<Value>())
        {
            if (output.Uses.Count > 0 || output.IsOutput)
                throw new GraphException($"{output.Producer} cannot be removed: '{output.Name}' is in use.");
            Forget(output);
        }
        _nodes.RemoveAll(gone.Contains);
    }

    /// <summary>Gives a value another name, which must be free; a node named after the value is renamed with it, so that node names stay unique.</summary>
    public void Rename(Value value, string name)
    {
        Own(value);
        if (value.Name == name)
            return;
        if (FindInScope(name) is not null)
            throw new GraphException($"'{value.Name}' cannot be renamed to '{name}': the graph has a value of that name.");
        _values.Remove(value.Name);
        if (value.Producer is { } producer && producer.Name == value.Name)
            producer.Name = name;
        value.Name = name;
        _values.Add(name, value);
    }

    /// <summary><paramref name="hint"/> itself where it is free, else with a number behind it.</summary>
    public string UniqueName(string hint)
    {
        string name = hint;
        for (int i = 1; FindInScope(name) is not null; i++)
            name = $"{hint}_{i}";
        return name;
    }

    /// <summary>Brings the nodes into topological order, as near to the present order as that allows.</summary>
    /// <exception cref="GraphException">The graph has a cycle.</exception>
    public void Sort()
    {
        List<Node> sorted = TopologicalOrder.Of(this);
        _nodes.Clear();
        _nodes.AddRange(sorted);
    }

    /// <summary>Puts the nodes in another order, which must be topological too.</summary>
    internal void Arrange(IReadOnlyList<Node> order)
    {
        _nodes.Clear();
        _nodes.AddRange(order);
    }

    internal Value NewValue(string name)
    {
        Value value = new(this, name);
        return _values.TryAdd(name, value) ? value : throw new GraphException($"The graph '{Name}' has two values of the name '{name}'.");
    }

    internal void AddSparseInitializer(Value value, ReadOnlyMemory<byte> data)
    {
        if (!value.IsInitializer)
            _initializers.Add(value);
        value.SparseData = data;
    }

    internal void Forget(Value value) => _values.Remove(value.Name);

    internal void ReplaceOutput(Value value, Value replacement)
    {
        for (int i = 0; i < _outputs.Count; i++)
            if (_outputs[i] == value)
                _outputs[i] = replacement;
    }

    private void Clear()
    {
        _outputs.Clear();
        foreach (Node node in _nodes)
        {
            node.SetInputs([]);
            foreach (Graph subgraph in node.Attributes.Subgraphs)
                subgraph.Clear();
        }
    }

    private Value Own(Value value) => value.Graph == this ? value
        : throw new GraphException($"The value '{value.Name}' is of another graph than '{Name}'.");
}
