namespace OnnxFineTune.Surgery;

/// <summary>
/// Appends nodes to a graph, one method per ONNX operator, in the working operator set (<see cref="WorkingOpset"/>). Heads, losses, gradients and
/// optimizers are written with it. Equal constants are stored once.
/// </summary>
/// <remarks>
/// Results get the element type that the operator gives; shapes are set by the caller where they are known, or later by
/// <c>InferShapes</c>.
/// </remarks>
public sealed partial class GraphBuilder
{
    /// <summary>The version of the standard operator set in which everything here is written.</summary>
    public const int WorkingOpset = 21;

    private readonly Dictionary<string, Value> _constants = [];

    /// <summary>A builder that appends to <paramref name="graph"/>.</summary>
    /// <param name="graph">Where nodes and constants are added.</param>
    /// <param name="prefix">Put in front of every name, with a slash.</param>
    public GraphBuilder(Graph graph, string prefix = "")
    {
        Graph = graph;
        Prefix = prefix;
    }

    /// <summary>The graph under construction.</summary>
    public Graph Graph { get; }

    /// <summary>Put in front of the names of new values, for example <c>grad</c>.</summary>
    public string Prefix { get; set; }

    /// <summary>Where new nodes are inserted; at the end when null.</summary>
    public Node? Before { get; set; }

    /// <summary>Appends any operator with one output.</summary>
    /// <param name="opType">Operator name.</param>
    /// <param name="inputs">Inputs; null leaves an optional one out.</param>
    /// <param name="attributes">Attributes; those with a null value are left out.</param>
    public Value Op(string opType, IReadOnlyList<Value?> inputs, params IReadOnlyList<(string Name, object? Value)> attributes) =>
        Node(opType, inputs, 1, attributes).Outputs[0]!;

    /// <summary>Appends any operator.</summary>
    public Node Node(string opType, IReadOnlyList<Value?> inputs, int outputs, params IReadOnlyList<(string Name, object? Value)> attributes)
    {
        string name = Graph.UniqueName(Prefix.Length > 0 ? $"{Prefix}/{opType}" : opType);
        string?[] names = [.. Enumerable.Range(0, outputs).Select(i => Graph.UniqueName(i == 0 ? name : $"{name}_out{i}"))];
        Node node = Graph.AddNode(opType, inputs, names, name: name, before: Before);
        foreach ((string attribute, object? value) in attributes)
            if (value is not null)
                node.Attributes.Set(attribute, value);
        ElementType type = inputs.FirstOrDefault(i => i is not null)?.ElementType ?? ElementType.Undefined;
        foreach (Value output in node.Outputs.OfType<Value>())
            output.ElementType = type;
        return node;
    }

    /// <summary>A constant; one of equal type, shape and content is used again.</summary>
    public Value Constant(TensorData data)
    {
        string key = $"{data}:{Convert.ToBase64String(data.Bytes.Span)}";
        if (!_constants.TryGetValue(key, out Value? value))
            _constants[key] = value = Graph.AddInitializer(Graph.UniqueName(Prefix.Length > 0 ? $"{Prefix}/const" : "const"), data);
        return value;
    }

    /// <summary>A one-dimensional int64 constant.</summary>
    public Value Longs(params ReadOnlySpan<long> values) => Constant(TensorData.Vector(values));

    /// <summary>An int64 scalar.</summary>
    public Value Long(long value) => Constant(TensorData.Scalar(value));

    /// <summary>A scalar of the given type, float32 by default.</summary>
    public Value Scalar(double value, ElementType type = ElementType.Float) => Constant(type switch
    {
        ElementType.Float or ElementType.Undefined => TensorData.Scalar((float)value),
        ElementType.Double => TensorData.FromBytes(type, Shape.Scalar, BitConverter.GetBytes(value)),
        ElementType.Float16 => TensorData.FromBytes(type, Shape.Scalar, BitConverter.GetBytes((Half)value)),
        ElementType.Int64 => TensorData.Scalar((long)value),
        ElementType.Int32 => TensorData.FromBytes(type, Shape.Scalar, BitConverter.GetBytes((int)value)),
        ElementType.Bool => TensorData.FromBytes(type, Shape.Scalar, new[] { (byte)(value != 0 ? 1 : 0) }),
        _ => throw new GraphException($"No scalar constant of {type} can be made."),
    });

    /// <summary>A scalar of the type of <paramref name="like"/>.</summary>
    public Value Scalar(double value, Value like) => Scalar(value, like.ElementType);

    /// <summary>The shape of <paramref name="x"/> as int64 [rank]: a constant where it is static, else a Shape node.</summary>
    public Value ShapeOf(Value x) => x.Shape is { IsStatic: true } shape ? Longs(shape.ToArray()) : Shape_(x);
}
