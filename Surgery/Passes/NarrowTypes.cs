namespace OnnxFineTune.Surgery;

/// <summary>
/// Values of fewer than 8 bits, or of 8-bit floating point, in the graph that <see cref="ShapeProbe"/> asks about: the runtime's .NET interface has no such inputs and outputs, so
/// they are made of float inputs and read as float outputs of the same shape.
/// </summary>
internal static class NarrowTypes
{
    private const string RealSuffix = "//real";

    /// <summary>Whether the type is unknown to the runtime's .NET interface.</summary>
    public static bool IsNarrow(ElementType type) => type >= ElementType.Float8E4M3FN;

    /// <summary>Puts a float input and a cast in the place of a weight.</summary>
    public static void MakeInput(Graph graph, Value weight)
    {
        Value real = graph.AddInput(weight.Name + RealSuffix, ElementType.Float, weight.Data!.Shape);
        Node cast = graph.AddNode("Cast", [real], [graph.UniqueName(weight.Name + "//narrow")], before: graph.Nodes[0]);
        cast.Attributes.Set("to", weight.ElementType);
        cast.Outputs[0]!.ElementType = weight.ElementType;
        weight.ReplaceUsesWith(cast.Outputs[0]!);
        graph.RemoveInitializer(weight);
    }

    /// <summary>The computed values of narrow types: what casts and quantization make, and what other operators make of that.</summary>
    public static Dictionary<string, ElementType> Of(Graph graph)
    {
        Dictionary<string, ElementType> found = [];
        foreach (Node node in graph.Nodes)
            if (node.Output(0) is { } output && TypeOf(node, found) is var type && IsNarrow(type))
                found[output.Name] = type;
        return found;
    }

    private static ElementType TypeOf(Node node, Dictionary<string, ElementType> found) => node.OpType switch
    {
        "Cast" => (ElementType)node.Attributes.Int("to"),
        "QuantizeLinear" when node.Input(2) is { } zeroPoint => TypeOf(zeroPoint, found),
        "QuantizeLinear" => (ElementType)node.Attributes.Int("output_dtype"),
        "DequantizeLinear" or "Shape" or "Size" => ElementType.Undefined,
        "CastLike" => TypeOf(node.Inputs[1], found),
        _ => TypeOf(node.Input(0), found),
    };

    private static ElementType TypeOf(Value? value, Dictionary<string, ElementType> found) =>
        value is null ? ElementType.Undefined : found.GetValueOrDefault(value.Name, value.ElementType);

    /// <summary>The value as float, for the session to tell the shape of.</summary>
    public static Value AsFloat(Graph graph, Value value)
    {
        Value one = graph.AddInitializer(graph.UniqueName("one"), TensorData.Scalar(1f));
        return graph.AddNode("DequantizeLinear", [value, one], [value.Name + RealSuffix]).Outputs[0]!;
    }

    /// <summary>Moves the answers from the float values to those that they stand for.</summary>
    public static void Restore(Dictionary<string, TensorType> types, IReadOnlyDictionary<string, ElementType> narrow)
    {
        foreach ((string name, ElementType type) in narrow)
            if (types.Remove(name + RealSuffix, out TensorType real))
                types[name] = real with { ElementType = type };
    }
}
