namespace OnnxFineTune.Surgery;

/// <summary>Copies graphs; tensors are shared with the original.</summary>
internal static class GraphCopy
{
    /// <summary>A deep copy.</summary>
    /// <param name="graph">The graph to copy.</param>
    /// <param name="map">The copy of each value of <paramref name="graph"/>.</param>
    /// <param name="outer">The graph around the copy.</param>
    /// <param name="outerMap">Copies of the values of the graphs around; values not in it are read as they are.</param>
    public static Graph Of(Graph graph, out Dictionary<Value, Value> map, Graph? outer = null, IReadOnlyDictionary<Value, Value>? outerMap = null)
    {
        Graph copy = new(graph.Name, outer ?? graph.Outer) { Unmodelled = graph.Unmodelled };
        map = outerMap is null ? [] : new(outerMap);
        foreach (Value input in graph.Inputs)
            copy.AddInput(CopyValue(copy, input, map));
        foreach (Value initializer in graph.Initializers)
            CopyInitializer(copy, initializer, map);
        foreach (Node node in graph.Nodes)
            CopyNode(copy, node, map);
        foreach (Value output in graph.Outputs)
            copy.AddOutput(map.GetValueOrDefault(output, output));
        Dictionary<Value, Value> copies = map;
        copy.OutputDeclarations = graph.OutputDeclarations.ToDictionary(d => copies.GetValueOrDefault(d.Key, d.Key), d => d.Value);
        copy.ValueInfo = graph.ValueInfo.ConvertAll(e => e with { Value = e.Value is null ? null : copies.GetValueOrDefault(e.Value, e.Value) });
        return copy;
    }

    /// <summary>Copies constants and nodes of one graph into another.</summary>
    /// <param name="target">Takes the copies.</param>
    /// <param name="source">The graph to copy; it stays as it is.</param>
    /// <param name="map">Values of <paramref name="target"/> for values of <paramref name="source"/>, of all its inputs at least; the copies are added.</param>
    /// <param name="prefix">Put with a slash in front of names, which are made unique then; without, the names of all but what is mapped must be free.</param>
    /// <param name="before">Where the copies are inserted; at the end when null.</param>
    public static void Append(Graph target, Graph source, Dictionary<Value, Value> map, string? prefix = null, Node? before = null)
    {
        foreach (Value initializer in source.Initializers.Where(v => !map.ContainsKey(v)))
            CopyInitializer(target, initializer, map, prefix);
        foreach (Node node in source.Nodes)
            CopyNode(target, node, map, prefix, before);
    }

    private static void CopyInitializer(Graph target, Value initializer, Dictionary<Value, Value> map, string? prefix = null)
    {
        Value value = map.GetValueOrDefault(initializer) ?? CopyValue(target, initializer, map, prefix);
        if (initializer.Data is { } data)
            target.SetInitializer(value, data);
        if (initializer.SparseData is { } sparse)
            target.AddSparseInitializer(value, sparse);
    }

    /// <summary>Copies one node; <paramref name="map"/> gets the copies of its outputs. See <see cref="Append"/>.</summary>
    public static void CopyNode(Graph target, Node node, Dictionary<Value, Value> map, string? prefix = null, Node? before = null)
    {
        Node copy = target.AddNode(node.OpType, [], [], node.Domain, prefix is null || node.Name.Length == 0 ? node.Name : $"{prefix}/{node.Name}", before);
        copy.Unmodelled = node.Unmodelled;
        for (int i = 0; i < node.Inputs.Count; i++)
            copy.SetInput(i, node.Inputs[i] is { } input ? map.GetValueOrDefault(input, input) : null);
        foreach (Value? output in node.Outputs)
            copy.AddOutput(output is null ? null : CopyValue(target, output, map, prefix));
        foreach (NodeAttribute attribute in node.Attributes)
            copy.Attributes.Set(attribute.Content switch
            {
                Graph g => attribute with { Content = Of(g, out _, target, map) },
                Graph[] gs => attribute with { Content = Array.ConvertAll(gs, g => Of(g, out _, target, map)) },
                _ => attribute,
            });
    }

    private static Value CopyValue(Graph target, Value value, Dictionary<Value, Value> map, string? prefix = null)
    {
        Value copy = target.NewValue(prefix is null ? value.Name : target.UniqueName($"{prefix}/{value.Name}"));
        copy.ElementType = value.ElementType;
        copy.Shape = value.Shape;
        copy.Unmodelled = value.Unmodelled;
        copy.AsRead = value.AsRead;
        copy.IsDeclared = value.IsDeclared;
        map[value] = copy;
        return copy;
    }
}
