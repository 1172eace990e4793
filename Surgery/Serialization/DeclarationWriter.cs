using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Writes the declarations of values: inputs, outputs and <c>value_info</c>.</summary>
internal static class DeclarationWriter
{
    public static void Write(Graph graph, GraphProto proto)
    {
        proto.Input.AddRange(graph.Inputs.Select(v => Write(v, v.Unmodelled)));
        foreach (Value output in graph.Outputs)
            proto.Output.Add(Write(output, graph.OutputDeclarations.TryGetValue(output, out ReadOnlyMemory<byte> own) ? own
                : output.Graph == graph ? output.Unmodelled : default));
        HashSet<Value> listed = [.. graph.Inputs, .. graph.Outputs];
        HashSet<Value> asRead = [];
        foreach ((Value? value, ReadOnlyMemory<byte>? declaration) in graph.ValueInfo)
        {
            if (value is null)
                AddUnlessNamed(graph, proto, declaration!.Value);
            else if (graph.Find(value.Name) == value && (declaration is not null || !listed.Contains(value)))
                proto.ValueInfo.Add(Write(value, declaration ?? value.Unmodelled));
            if (value is not null)
                asRead.Add(value);
        }
        proto.ValueInfo.AddRange(graph.Values.Where(v => v.IsDeclared && !listed.Contains(v) && !asRead.Contains(v)).Select(v => Write(v, v.Unmodelled)));
    }

    /// <summary>Adds the declaration of a name that the graph did not have when it was read, unless an edit has taken the name.</summary>
    private static void AddUnlessNamed(Graph graph, GraphProto proto, ReadOnlyMemory<byte> declaration)
    {
        ValueInfoProto info = ValueInfoProto.Parser.ParseFrom(declaration.Span);
        if (graph.Find(info.Name) is null)
            proto.ValueInfo.Add(info);
    }

    private static ValueInfoProto Write(Value value, ReadOnlyMemory<byte> declaration)
    {
        ValueInfoProto proto = ValueInfoProto.Parser.ParseFrom(declaration.Span);
        if (proto.Name != value.Name)
            proto.Name = value.Name;
        if (!declaration.IsEmpty && value.AsRead == (value.ElementType, value.Shape))
            return proto;
        if (value.ElementType == ElementType.Undefined && value.Shape is null)
        {
            if (proto.Type?.TensorType is not null)
                proto.Type = null;
            return proto;
        }
        proto.Type ??= new TypeProto();
        TypeProto.Types.Tensor type = proto.Type.TensorType ?? new TypeProto.Types.Tensor();
        type.ElemType = (int)value.ElementType;
        type.Shape = Write(value.Shape, type.Shape);
        proto.Type.TensorType = type;
        return proto;
    }

    private static TensorShapeProto? Write(Shape? shape, TensorShapeProto? asRead)
    {
        if (shape is null)
            return null;
        TensorShapeProto proto = asRead?.Dim.Count == shape.Rank ? asRead : new TensorShapeProto();
        for (int i = 0; i < shape.Rank; i++)
        {
            if (proto.Dim.Count <= i)
                proto.Dim.Add(new TensorShapeProto.Types.Dimension());
            proto.Dim[i].ClearValue();
            if (shape[i].Value is long size)
                proto.Dim[i].DimValue = size;
            else if (shape[i].Symbol is string symbol)
                proto.Dim[i].DimParam = symbol;
        }
        return proto;
    }
}
