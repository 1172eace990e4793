namespace OnnxFineTune.Surgery;

/// <summary>Replaces a narrow float type by a wider one: in constants, in declarations, and in attributes that name or hold it.</summary>
internal static class FloatWidening
{
    /// <summary>Attributes that hold an element type.</summary>
    private static readonly string[] TypeAttributes = ["to", "dtype", "output_dtype", "stash_type", "output_datatype"];

    public static void Run(Graph graph, ElementType narrow, ElementType wide = ElementType.Float)
    {
        foreach (Value initializer in graph.Initializers.ToArray())
            if (initializer.Data is { } data && data.ElementType == narrow)
                graph.SetInitializer(initializer, Widen(data, wide));
        foreach (Node node in graph.Nodes)
            ConvertAttributes(node, narrow, wide);
        foreach (Node cast in graph.Nodes.Where(n => n is { OpType: "Cast", Domain: Model.StandardDomain }).ToArray())
            RemoveIfIdle(cast, narrow, wide);
        foreach (Value value in graph.Values)
            if (value.ElementType == narrow)
                value.ElementType = wide;
    }

    private static void ConvertAttributes(Node node, ElementType narrow, ElementType wide)
    {
        foreach (NodeAttribute attribute in node.Attributes.ToArray())
            if (attribute.Content is Graph subgraph)
                Run(subgraph, narrow, wide);
            else if (attribute.Content is TensorData tensor && tensor.ElementType == narrow)
                node.Attributes.Set(attribute with { Content = Widen(tensor, wide) });
            else if (attribute.Content is long type && type == (long)narrow && TypeAttributes.Contains(attribute.Name))
                node.Attributes.Set(attribute.Name, wide);
    }

    /// <summary>A Cast to the wider type of what has it now does nothing; it stays where an output of the graph needs its name.</summary>
    private static void RemoveIfIdle(Node cast, ElementType narrow, ElementType wide)
    {
        if (cast.Attributes.Int("to") != (long)wide || cast.Input(0) is not { } source || cast.Output(0) is not { IsOutput: false } result
            || source.Graph != cast.Graph || (source.ElementType != wide && source.ElementType != narrow))
            return;
        result.ReplaceUsesWith(source);
        cast.Graph.RemoveNodes([cast]);
    }

    private static TensorData Widen(TensorData data, ElementType wide) => new(wide, data.Shape, new WidenedStorage(data));
}
