using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns graph objects into protobuf messages: each starts from the message as it was read, and what differs is written over it.</summary>
internal sealed class ProtoWriter(TensorWriter tensors)
{
    public ModelProto Write(Model model)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(model.Unmodelled.Span);
        if (proto.IrVersion != model.IrVersion)
            proto.IrVersion = model.IrVersion;
        if (proto.ProducerName != model.ProducerName)
            proto.ProducerName = model.ProducerName;
        if (proto.ProducerVersion != model.ProducerVersion)
            proto.ProducerVersion = model.ProducerVersion;
        KeyedEntries.Write(proto.OpsetImport, model.OpsetImports, e => ProtoReader.Domain(e.Domain), e => e.Version, (e, version) => e.Version = version,
            domain => new OperatorSetIdProto { Domain = domain });
        KeyedEntries.Write(proto.MetadataProps, model.Metadata, e => e.Key, e => e.Value, (e, text) => e.Value = text,
            key => new StringStringEntryProto { Key = key });
        proto.Graph = WriteGraph(model.Graph);
        return proto;
    }

    private GraphProto WriteGraph(Graph graph)
    {
        GraphProto proto = GraphProto.Parser.ParseFrom(graph.Unmodelled.Span);
        if (proto.Name != graph.Name)
            proto.Name = graph.Name;
        DeclarationWriter.Write(graph, proto);
        foreach (Value initializer in graph.Initializers)
        {
            if (initializer.Data is { } data)
                proto.Initializer.Add(tensors.WriteInitializer(graph, initializer.Name, data));
            if (initializer.SparseData is { } sparse)
                proto.SparseInitializer.Add(WriteSparse(initializer.Name, sparse));
        }
        proto.Node.AddRange(graph.Nodes.Select(WriteNode));
        return proto;
    }

    private static SparseTensorProto WriteSparse(string name, ReadOnlyMemory<byte> sparse)
    {
        SparseTensorProto proto = SparseTensorProto.Parser.ParseFrom(sparse.Span);
        if (name != (proto.Values?.Name ?? ""))
            (proto.Values ??= new TensorProto()).Name = name;
        return proto;
    }

    private NodeProto WriteNode(Node node)
    {
        NodeProto proto = NodeProto.Parser.ParseFrom(node.Unmodelled.Span);
        if (proto.OpType != node.OpType)
            proto.OpType = node.OpType;
        if (proto.Name != node.Name)
            proto.Name = node.Name;
        if (ProtoReader.Domain(proto.Domain) != node.Domain)
            proto.Domain = node.Domain;
        proto.Input.AddRange(node.Inputs.Select(i => i?.Name ?? ""));
        proto.Output.AddRange(node.Outputs.Select(o => o?.Name ?? ""));
        proto.Attribute.AddRange(node.Attributes.Select(WriteAttribute));
        return proto;
    }

    private AttributeProto WriteAttribute(NodeAttribute attribute)
    {
        AttributeProto proto = AttributeProto.Parser.ParseFrom(attribute.Unmodelled.Span);
        bool isNew = attribute.Unmodelled.IsEmpty || (proto.HasType && (AttributeKind)proto.Type != attribute.Kind);
        if (isNew)
            proto = new AttributeProto { Name = attribute.Name, Type = (AttributeProto.Types.AttributeType)attribute.Kind };
        else if (proto.Name != attribute.Name)
            proto.Name = attribute.Name;
        switch (attribute.Content)
        {
            case float v when isNew || BitConverter.SingleToInt32Bits(proto.F) != BitConverter.SingleToInt32Bits(v): proto.F = v; break;
            case long v when isNew || proto.I != v: proto.I = v; break;
            case byte[] v when isNew || !proto.S.Span.SequenceEqual(v): proto.S = ByteString.CopyFrom(v); break;
            case float[] v: proto.Floats.Clear(); proto.Floats.AddRange(v); break;
            case long[] v: proto.Ints.Clear(); proto.Ints.AddRange(v); break;
            case byte[][] v: proto.Strings.Clear(); proto.Strings.AddRange(v.Select(s => ByteString.CopyFrom(s))); break;
            case TensorData v: proto.T = tensors.Write("", v); break;
            case Graph v: proto.G = WriteGraph(v); break;
            case TensorData[] v: proto.Tensors.AddRange(v.Select(t => tensors.Write("", t))); break;
            case Graph[] v: proto.Graphs.AddRange(v.Select(WriteGraph)); break;
        }
        return proto;
    }
}
