using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns graph objects into protobuf messages, adding what was kept in wire format.</summary>
internal sealed class ProtoWriter(TensorWriter tensors)
{
    public ModelProto Write(Model model)
    {
        ModelProto proto = new()
        {
            IrVersion = model.IrVersion,
            Graph = WriteGraph(model.Graph),
        };
        if (model.ProducerName.Length > 0)
            proto.ProducerName = model.ProducerName;
        if (model.ProducerVersion.Length > 0)
            proto.ProducerVersion = model.ProducerVersion;
        foreach ((string domain, long version) in model.OpsetImports)
            proto.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
        foreach ((string key, string value) in model.Metadata)
            proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        proto.MergeFrom(model.Unmodelled.Span);
        return proto;
    }

    private GraphProto WriteGraph(Graph graph)
    {
        GraphProto proto = new() { Name = graph.Name };
        proto.Input.AddRange(graph.Inputs.Select(WriteValue));
        proto.Output.AddRange(graph.Outputs.Select(WriteValue));
        foreach (Value initializer in graph.Initializers)
        {
            if (initializer.Data is { } data)
                proto.Initializer.Add(tensors.Write(initializer.Name, data));
            if (initializer.SparseData is { } sparse)
                proto.SparseInitializer.Add(SparseTensorProto.Parser.ParseFrom(sparse.Span));
        }
        HashSet<Value> listed = [.. graph.Inputs, .. graph.Outputs];
        proto.ValueInfo.AddRange(graph.Values.Where(v => v.IsDeclared && !listed.Contains(v)).Select(WriteValue));
        proto.Node.AddRange(graph.Nodes.Select(WriteNode));
        proto.MergeFrom(graph.Unmodelled.Span);
        return proto;
    }

    private NodeProto WriteNode(Node node)
    {
        NodeProto proto = new() { OpType = node.OpType };
        if (node.Name.Length > 0)
            proto.Name = node.Name;
        if (node.Domain.Length > 0)
            proto.Domain = node.Domain;
        proto.Input.AddRange(node.Inputs.Select(i => i?.Name ?? ""));
        proto.Output.AddRange(node.Outputs.Select(o => o?.Name ?? ""));
        proto.Attribute.AddRange(node.Attributes.Select(WriteAttribute));
        proto.MergeFrom(node.Unmodelled.Span);
        return proto;
    }

    private AttributeProto WriteAttribute(NodeAttribute attribute)
    {
        AttributeProto proto = new() { Name = attribute.Name };
        if (attribute.Kind != AttributeKind.Undefined)
            proto.Type = (AttributeProto.Types.AttributeType)attribute.Kind;
        switch (attribute.Content)
        {
            case float v: proto.F = v; break;
            case long v: proto.I = v; break;
            case byte[] v: proto.S = ByteString.CopyFrom(v); break;
            case TensorData v: proto.T = tensors.Write("", v); break;
            case Graph v: proto.G = WriteGraph(v); break;
            case float[] v: proto.Floats.AddRange(v); break;
            case long[] v: proto.Ints.AddRange(v); break;
            case byte[][] v: proto.Strings.AddRange(v.Select(s => ByteString.CopyFrom(s))); break;
            case TensorData[] v: proto.Tensors.AddRange(v.Select(t => tensors.Write("", t))); break;
            case Graph[] v: proto.Graphs.AddRange(v.Select(WriteGraph)); break;
        }
        proto.MergeFrom(attribute.Unmodelled.Span);
        return proto;
    }

    /// <summary>Name and tensor type as the graph has them now; a type that is not a tensor's stays as it was read.</summary>
    private static ValueInfoProto WriteValue(Value value)
    {
        ValueInfoProto proto = ValueInfoProto.Parser.ParseFrom(value.Unmodelled.Span);
        proto.Name = value.Name;
        if (value.ElementType == ElementType.Undefined && value.Shape is null)
            return proto;
        proto.Type ??= new TypeProto();
        TypeProto.Types.Tensor type = proto.Type.TensorType ?? new TypeProto.Types.Tensor();
        type.ElemType = (int)value.ElementType;
        type.Shape = WriteShape(value.Shape, type.Shape);
        proto.Type.TensorType = type;
        return proto;
    }

    private static TensorShapeProto? WriteShape(Shape? shape, TensorShapeProto? original)
    {
        if (shape is null)
            return null;
        TensorShapeProto proto = original?.Dim.Count == shape.Rank ? original : new TensorShapeProto();
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
