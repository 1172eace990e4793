using System.Collections;
using System.Text;

namespace OnnxFineTune.Surgery;

/// <summary>Kind of an attribute; the numbers are those of <c>AttributeProto.AttributeType</c> in the ONNX standard.</summary>
public enum AttributeKind
{
    /// <summary>Not set: a reference to an attribute of the enclosing function.</summary>
    Undefined = 0,
    /// <summary>A float.</summary>
    Float = 1,
    /// <summary>A long.</summary>
    Int = 2,
    /// <summary>Bytes, usually UTF-8 text.</summary>
    String = 3,
    /// <summary>A <see cref="TensorData"/>.</summary>
    Tensor = 4,
    /// <summary>A <see cref="Surgery.Graph"/>.</summary>
    Graph = 5,
    /// <summary>A float[].</summary>
    Floats = 6,
    /// <summary>A long[].</summary>
    Ints = 7,
    /// <summary>A byte[][].</summary>
    Strings = 8,
    /// <summary>A <see cref="TensorData"/>[].</summary>
    Tensors = 9,
    /// <summary>A <see cref="Surgery.Graph"/>[].</summary>
    Graphs = 10,
    /// <summary>A sparse tensor; kept, not interpreted.</summary>
    SparseTensor = 11,
    /// <summary>Sparse tensors; kept, not interpreted.</summary>
    SparseTensors = 12,
    /// <summary>A type; kept, not interpreted.</summary>
    TypeProto = 13,
    /// <summary>Types; kept, not interpreted.</summary>
    TypeProtos = 14,
}

/// <summary>A named attribute of a node.</summary>
/// <param name="Name">Name in the operator's definition.</param>
/// <param name="Kind">Kind of the value.</param>
/// <param name="Content">The value in the type that <see cref="AttributeKind"/> states; null where it is only kept in wire format.</param>
public sealed record NodeAttribute(string Name, AttributeKind Kind, object? Content)
{
    /// <summary>The <c>AttributeProto</c> as it was read, less tensors and graphs, in wire format; the content is written over it where it has changed.</summary>
    internal ReadOnlyMemory<byte> Unmodelled { get; init; }

    /// <summary>An attribute from a float, long, int, bool (0 or 1), string, float[], long[], string[], tensor or graph.</summary>
    /// <exception cref="ArgumentException">The value is of another type.</exception>
    public static NodeAttribute From(string name, object value) => value switch
    {
        float v => new(name, AttributeKind.Float, v),
        double v => new(name, AttributeKind.Float, (float)v),
        long v => new(name, AttributeKind.Int, v),
        int v => new(name, AttributeKind.Int, (long)v),
        bool v => new(name, AttributeKind.Int, v ? 1L : 0L),
        ElementType v => new(name, AttributeKind.Int, (long)v),
        string v => new(name, AttributeKind.String, Encoding.UTF8.GetBytes(v)),
        float[] v => new(name, AttributeKind.Floats, v),
        long[] v => new(name, AttributeKind.Ints, v),
        int[] v => new(name, AttributeKind.Ints, Array.ConvertAll(v, i => (long)i)),
        string[] v => new(name, AttributeKind.Strings, Array.ConvertAll(v, Encoding.UTF8.GetBytes)),
        TensorData v => new(name, AttributeKind.Tensor, v),
        Graph v => new(name, AttributeKind.Graph, v),
        _ => throw new ArgumentException($"An attribute cannot hold a {value.GetType().Name}.", nameof(value)),
    };
}

/// <summary>The attributes of a node, in file order, with typed access and the defaults that the operator's definition gives.</summary>
public sealed class NodeAttributes : IEnumerable<NodeAttribute>
{
    private readonly List<NodeAttribute> _items = [];

    /// <summary>Number of attributes.</summary>
    public int Count => _items.Count;

    /// <summary>The attribute of this name, or null.</summary>
    public NodeAttribute? this[string name] => _items.Find(a => a.Name == name);

    /// <summary>Whether the attribute is present.</summary>
    public bool Has(string name) => this[name] is not null;

    /// <summary>Sets an attribute from a float, long, string, array, tensor or graph.</summary>
    public void Set(string name, object value) => Set(NodeAttribute.From(name, value));

    /// <summary>Adds the attribute, or replaces the one of its name.</summary>
    public void Set(NodeAttribute attribute)
    {
        int index = _items.FindIndex(a => a.Name == attribute.Name);
        if (index < 0)
            _items.Add(attribute);
        else
            _items[index] = attribute;
    }

    /// <summary>Removes the attribute if present.</summary>
    public void Remove(string name) => _items.RemoveAll(a => a.Name == name);

    /// <summary>An integer.</summary>
    public long Int(string name, long fallback = 0) => this[name]?.Content is long v ? v : fallback;

    /// <summary>A number.</summary>
    public float Float(string name, float fallback = 0) => this[name]?.Content is float v ? v : fallback;

    /// <summary>UTF-8 text.</summary>
    public string String(string name, string fallback = "") => this[name]?.Content is byte[] v ? Encoding.UTF8.GetString(v) : fallback;

    /// <summary>Integers, or null where absent.</summary>
    public long[]? Ints(string name) => this[name]?.Content as long[];

    /// <summary>Numbers, or null where absent.</summary>
    public float[]? Floats(string name) => this[name]?.Content as float[];

    /// <summary>A tensor, or null where absent.</summary>
    public TensorData? Tensor(string name) => this[name]?.Content as TensorData;

    /// <summary>A subgraph, or null where absent.</summary>
    public Graph? Graph(string name) => this[name]?.Content as Graph;

    /// <summary>All subgraphs of the node.</summary>
    internal IEnumerable<Graph> Subgraphs => _items.SelectMany(a => a.Content switch { Graph g => [g], Graph[] gs => gs, _ => Array.Empty<Graph>() });

    /// <inheritdoc/>
    public IEnumerator<NodeAttribute> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Allows collection expressions and initializers.</summary>
    public void Add(NodeAttribute attribute) => Set(attribute);
}
