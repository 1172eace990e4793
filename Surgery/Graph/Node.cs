namespace OnnxFineTune.Surgery;

/// <summary>One operator of a graph. It owns its outputs and is listed as a use of each input.</summary>
public sealed class Node
{
    private readonly List<Value?> _inputs = [];
    private readonly List<Value?> _outputs = [];

    internal Node(Graph graph, string opType, string domain, string name)
    {
        Graph = graph;
        OpType = opType;
        Domain = domain;
        Name = name;
    }

    /// <summary>The graph that owns this node.</summary>
    public Graph Graph { get; internal set; }

    /// <summary>Operator name, for example <c>Conv</c>.</summary>
    public string OpType { get; set; }

    /// <summary>Operator set, empty for the standard's own (<c>ai.onnx</c> is read as empty).</summary>
    public string Domain { get; set; }

    /// <summary>Name of the node, possibly empty.</summary>
    public string Name { get; set; }

    /// <summary>Inputs in the operator's order; null for an optional input that is left out.</summary>
    public IReadOnlyList<Value?> Inputs => _inputs;

    /// <summary>Outputs in the operator's order; null for an optional output that is left out.</summary>
    public IReadOnlyList<Value?> Outputs => _outputs;

    /// <summary>Attributes by name.</summary>
    public NodeAttributes Attributes { get; } = [];

    /// <summary>The <c>NodeProto</c> as it was read, less inputs, outputs and attributes, in wire format (documentation, metadata …).</summary>
    internal ReadOnlyMemory<byte> Unmodelled { get; set; }

    /// <summary>Input <paramref name="index"/>, or null where it is left out.</summary>
    public Value? Input(int index) => index < _inputs.Count ? _inputs[index] : null;

    /// <summary>Output <paramref name="index"/>, or null where it is left out.</summary>
    public Value? Output(int index) => index < _outputs.Count ? _outputs[index] : null;

    /// <summary>Makes input <paramref name="index"/> read <paramref name="value"/>, adding left-out inputs before it as needed.</summary>
    public void SetInput(int index, Value? value)
    {
        while (_inputs.Count <= index)
            _inputs.Add(null);
        _inputs[index]?.RemoveUse(new Use(this, index));
        _inputs[index] = value;
        value?.AddUse(new Use(this, index));
    }

    /// <summary>Replaces all inputs; left-out inputs at the end are dropped.</summary>
    public void SetInputs(IReadOnlyList<Value?> inputs)
    {
        Value?[] copy = [.. inputs];
        for (int i = 0; i < _inputs.Count; i++)
            _inputs[i]?.RemoveUse(new Use(this, i));
        _inputs.Clear();
        int count = copy.Length;
        while (count > 0 && copy[count - 1] is null)
            count--;
        for (int i = 0; i < count; i++)
            SetInput(i, copy[i]);
    }

    /// <summary>Leaves output <paramref name="index"/> out; it must not be in use.</summary>
    public void RemoveOutput(int index)
    {
        if (_outputs[index] is not { } value)
            return;
        if (value.Uses.Count > 0 || value.IsOutput)
            throw new GraphException($"Output '{value.Name}' of {this} is in use and cannot be removed.");
        Graph.Forget(value);
        _outputs[index] = null;
        while (_outputs.Count > 0 && _outputs[^1] is null)
            _outputs.RemoveAt(_outputs.Count - 1);
    }

    /// <summary>Adds a value as the next output, for an optional output that was left out at the end.</summary>
    /// <param name="name">Its name, which is made unique.</param>
    public Value AddOutput(string name)
    {
        Value value = Graph.NewValue(Graph.UniqueName(name));
        AddOutput(value);
        return value;
    }

    internal void AddOutput(Value? value)
    {
        if (value is not null)
        {
            value.Producer = this;
            value.OutputIndex = _outputs.Count;
        }
        _outputs.Add(value);
    }

    /// <summary>For example <c>Conv 'conv10'</c>.</summary>
    public override string ToString() =>
        $"{(Domain.Length > 0 ? Domain + "." : "")}{OpType} '{(Name.Length > 0 ? Name : _outputs.FirstOrDefault(o => o is not null)?.Name)}'";
}
