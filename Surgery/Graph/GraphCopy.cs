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
        {
            Value value = map.GetValueOrDefault(initializer) ?? CopyValue(copy, initializer, map);
            if (initializer.Data is { } data)
                copy.SetInitializer(value, data);
            if (initializer.SparseData is { } sparse)
                copy.AddSparseInitializer(value, sparse);
        }
        foreach (Node node in graph.Nodes)
            CopyNode(copy, node, map);
        foreach (Value output in graph.Outputs)
            copy.AddOutput(map.GetValueOrDefault(output, output));
        Dictionary<Value, Value> copies = map;
        copy.OutputDeclarations = graph.OutputDeclarations.ToDictionary(d => copies.GetValueOrDefault(d.Key, d.Key), d => d.Value);
        copy.ValueInfo = graph.ValueInfo.ConvertAll(e => e with { Value = e.Value is null ? null : copies.GetValueOrDefault(e.Value, e.Value) });
        return copy;
    }

    private static void CopyNode(Graph target, Node node, Dictionary<Value, Value> map)
    {
        Node copy = target.AddNode(node.OpType, [], [], node.Domain, node.Name);
        copy.Unmodelled = node.Unmodelled;
        for (int i = 0; i < node.Inputs.Count; i++)
            copy.SetInput(i, node.Inputs[i] is { } input ? map.GetValueOrDefault(input, input) : null);
        foreach (Value? output in node.Outputs)
            copy.AddOutput(output is null ? null : CopyValue(target, output, map));
        foreach (NodeAttribute attribute in node.Attributes)
            copy.Attributes.Set(attribute.Content switch
            {
                Graph g => attribute with { Content = Of(g, out _, target, map) },
                Graph[] gs => attribute with { Content = Array.ConvertAll(gs, g => Of(g, out _, target, map)) },
                _ => attribute,
            });
    }

    private static Value CopyValue(Graph target, Value value, Dictionary<Value, Value> map)
    {
        Value copy = target.NewValue(value.Name);
        copy.ElementType = value.ElementType;
        copy.Shape = value.Shape;
        copy.Unmodelled = value.Unmodelled;
        copy.AsRead = value.AsRead;
        copy.IsDeclared = value.IsDeclared;
        map[value] = copy;
        return copy;
    }
}
