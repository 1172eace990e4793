using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns protobuf messages into graph objects. What is not modelled is kept in wire format.</summary>
internal sealed class ProtoReader(TensorReader tensors)
{
    public Model Read(ModelProto proto)
    {
        Model model = new(ReadGraph(proto.Graph ?? new GraphProto(), null))
        {
            IrVersion = proto.IrVersion,
            ProducerName = proto.ProducerName,
            ProducerVersion = proto.ProducerVersion,
        };
        foreach (OperatorSetIdProto opset in proto.OpsetImport)
            model.OpsetImports[Domain(opset.Domain)] = opset.Version;
        foreach (StringStringEntryProto entry in proto.MetadataProps)
            model.Metadata[entry.Key] = entry.Value;
        proto.ClearIrVersion();
        proto.ClearProducerName();
        proto.ClearProducerVersion();
        proto.Graph = null;
        proto.OpsetImport.Clear();
        proto.MetadataProps.Clear();
        model.Unmodelled = proto.ToByteArray();
        return model;
    }

    private Graph ReadGraph(GraphProto proto, Graph? outer)
    {
        Graph graph = new(proto.Name, outer);
        foreach (ValueInfoProto input in proto.Input)
            Declare(graph.AddInput(input.Name, ElementType.Undefined, null), input);
        foreach (TensorProto initializer in proto.Initializer)
        {
            Value value = graph.Find(initializer.Name) ?? graph.NewValue(initializer.Name);
            graph.SetInitializer(value, tensors.Read(initializer));
        }
        foreach (SparseTensorProto sparse in proto.SparseInitializer)
            graph.AddSparseInitializer(graph.Find(sparse.Values.Name) ?? graph.NewValue(sparse.Values.Name), sparse.ToByteArray());
        // All outputs first: a node may stand before the producer of its input in files that are not sorted.
        Node[] nodes = [.. proto.Node.Select(n => AddNode(graph, n))];
        for (int i = 0; i < nodes.Length; i++)
            Connect(graph, nodes[i], proto.Node[i]);
        foreach (ValueInfoProto output in proto.Output)
        {
            Value value = graph.FindInScope(output.Name) ?? throw new GraphException($"The graph output '{output.Name}' is computed by no node; the file is damaged.");
            if (value.Graph == graph)
                Declare(value, output);
            graph.AddOutput(value);
        }
        foreach (ValueInfoProto info in proto.ValueInfo)
            if (graph.Find(info.Name) is { } value)
                Declare(value, info);
        proto.ClearName();
        proto.Input.Clear();
        proto.Initializer.Clear();
        proto.SparseInitializer.Clear();
        proto.Node.Clear();
        proto.Output.Clear();
        proto.ValueInfo.Clear();
        graph.Unmodelled = proto.ToByteArray();
        return graph;
    }

    private static Node AddNode(Graph graph, NodeProto proto) =>
        graph.AddNode(proto.OpType, [], [.. proto.Output.Select(o => o.Length == 0 ? null : o)], Domain(proto.Domain), proto.Name);

    private void Connect(Graph graph, Node node, NodeProto proto)
    {
        for (int i = 0; i < proto.Input.Count; i++)
            node.SetInput(i, proto.Input[i].Length == 0 ? null : graph.FindInScope(proto.Input[i])
                ?? throw new GraphException($"Input '{proto.Input[i]}' of {node} is computed by no node; the file is damaged."));
        foreach (AttributeProto attribute in proto.Attribute)
            node.Attributes.Set(ReadAttribute(graph, attribute));
        proto.ClearOpType();
        proto.ClearDomain();
        proto.ClearName();
        proto.Input.Clear();
        proto.Output.Clear();
        proto.Attribute.Clear();
        node.Unmodelled = proto.ToByteArray();
    }

    private NodeAttribute ReadAttribute(Graph graph, AttributeProto proto)
    {
        string name = proto.Name;
        AttributeKind kind = (AttributeKind)proto.Type;
        object? content = Take(graph, proto, kind);
        proto.ClearName();
        proto.ClearType();
        return new NodeAttribute(name, kind, content) { Unmodelled = proto.ToByteArray() };
    }

    private object? Take(Graph graph, AttributeProto proto, AttributeKind kind)
    {
        object? content = null;
        switch (kind)
        {
            case AttributeKind.Float: content = proto.F; proto.ClearF(); break;
            case AttributeKind.Int: content = proto.I; proto.ClearI(); break;
            case AttributeKind.String: content = proto.S.ToByteArray(); proto.ClearS(); break;
            case AttributeKind.Tensor: content = tensors.Read(proto.T); proto.T = null; break;
            case AttributeKind.Graph: content = ReadGraph(proto.G, graph); proto.G = null; break;
            case AttributeKind.Floats: content = proto.Floats.ToArray(); proto.Floats.Clear(); break;
            case AttributeKind.Ints: content = proto.Ints.ToArray(); proto.Ints.Clear(); break;
            case AttributeKind.Strings: content = proto.Strings.Select(s => s.ToByteArray()).ToArray(); proto.Strings.Clear(); break;
            case AttributeKind.Tensors: content = proto.Tensors.Select(tensors.Read).ToArray(); proto.Tensors.Clear(); break;
            case AttributeKind.Graphs: content = proto.Graphs.Select(g => ReadGraph(g, graph)).ToArray(); proto.Graphs.Clear(); break;
        }
        return content;
    }

    private static void Declare(Value value, ValueInfoProto proto)
    {
        value.IsDeclared = true;
        if (proto.Type?.ValueCase == TypeProto.ValueOneofCase.TensorType)
        {
            value.ElementType = (ElementType)proto.Type.TensorType.ElemType;
            value.Shape = proto.Type.TensorType.Shape is { } shape ? new Shape([.. shape.Dim.Select(ReadDimension)]) : null;
        }
        proto.ClearName();
        value.Unmodelled = proto.ToByteArray();
    }

    private static Dimension ReadDimension(TensorShapeProto.Types.Dimension dim) => dim.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam => Dimension.Named(dim.DimParam),
        _ => Dimension.Unknown,
    };

    private static string Domain(string domain) => domain == "ai.onnx" ? Model.StandardDomain : domain;
}
