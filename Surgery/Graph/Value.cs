namespace OnnxFineTune.Surgery;

/// <summary>One use of a value: input number <paramref name="Index"/> of <paramref name="Node"/>.</summary>
public readonly record struct Use(Node Node, int Index);

/// <summary>
/// A value of a graph: a graph input, an initializer (then <see cref="Data"/> is set), both (an input with a default), or the output of
/// a node. Identity, not name, is equality; the name is unique within its graph.
/// </summary>
public sealed class Value
{
    private readonly List<Use> _uses = [];

    internal Value(Graph graph, string name)
    {
        Graph = graph;
        Name = name;
    }

    /// <summary>The graph that owns this value.</summary>
    public Graph Graph { get; internal set; }

    /// <summary>The name in the ONNX file; change it with <see cref="Graph.Rename"/>.</summary>
    public string Name { get; internal set; }

    /// <summary>Type of the elements, <see cref="ElementType.Undefined"/> where not known or not a tensor.</summary>
    public ElementType ElementType { get; set; }

    /// <summary>Shape, or null where even the rank is unknown.</summary>
    public Shape? Shape { get; set; }

    /// <summary>The constant tensor of an initializer, otherwise null.</summary>
    public TensorData? Data { get; internal set; }

    /// <summary>The node that computes this value, or null for inputs and initializers.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>Which output of <see cref="Producer"/> this is.</summary>
    public int OutputIndex { get; internal set; }

    /// <summary>The nodes that read this value, nodes of subgraphs included.</summary>
    public IReadOnlyList<Use> Uses => _uses;

    /// <summary>Whether this is an input of its graph.</summary>
    public bool IsInput => Graph.Inputs.Contains(this);

    /// <summary>Whether this is an output of its graph.</summary>
    public bool IsOutput => Graph.Outputs.Contains(this);

    /// <summary>Whether this is a constant: an initializer, whether or not the file also lists it as an input.</summary>
    public bool IsInitializer => Data is not null || SparseData is not null;

    /// <summary>A sparse initializer's <c>SparseTensorProto</c> in wire format; kept, not interpreted.</summary>
    internal ReadOnlyMemory<byte>? SparseData { get; set; }

    /// <summary>The <c>ValueInfoProto</c> as it was read, in wire format; name and type are written over it where they have changed.</summary>
    internal ReadOnlyMemory<byte> Unmodelled { get; set; }

    /// <summary>Type and shape as they were read, so that a declaration is written back unchanged unless they were edited.</summary>
    internal (ElementType ElementType, Shape? Shape)? AsRead { get; set; }

    /// <summary>Whether the file declares this value's type (inputs, outputs and <c>value_info</c>).</summary>
    internal bool IsDeclared { get; set; }

    /// <summary>Makes every user, and every graph output, that reads this value read <paramref name="replacement"/> instead.</summary>
    public void ReplaceUsesWith(Value replacement)
    {
        foreach (Use use in _uses.ToArray())
            use.Node.SetInput(use.Index, replacement);
        Graph.ReplaceOutput(this, replacement);
    }

    internal void AddUse(Use use) => _uses.Add(use);

    internal void RemoveUse(Use use) => _uses.Remove(use);

    /// <summary>For example <c>fire9/concat_2: Float [N, 512, 13, 13]</c>.</summary>
    public override string ToString() => $"{Name}: {ElementType} {Shape?.ToString() ?? "of unknown shape"}";
}
