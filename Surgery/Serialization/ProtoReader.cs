using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// Turns protobuf messages into graph objects. Each object keeps its message, less the children that became objects themselves, in wire
/// format; <see cref="ProtoWriter"/> starts from it and writes over it what was edited. So what is not modelled, and whether a field was
/// left out or set to its default, survives.
/// </summary>
internal sealed class ProtoReader(TensorReader tensors)
{
    public Model Read(ModelProto proto)
    {
        Model model = new(ReadGraph(proto.Graph, null))
        {
            IrVersion = proto.IrVersion,
            ProducerName = proto.ProducerName,
            ProducerVersion = proto.ProducerVersion,
        };
        foreach (OperatorSetIdProto opset in proto.OpsetImport)
            model.OpsetImports[Domain(opset.Domain)] = opset.Version;
        foreach (StringStringEntryProto entry in proto.MetadataProps)
            model.Metadata[entry.Key] = entry.Value;
        proto.Graph = null;
        OpaqueTensors.TakeIn(proto, tensors);
        model.Unmodelled = proto.ToByteArray();
        return model;
    }

    /// <summary>The domain as the graph names it: empty for the standard's own, which files may also call <c>ai.onnx</c>.</summary>
    public static string Domain(string domain) => domain == "ai.onnx" ? Model.StandardDomain : domain;

    private Graph ReadGraph(GraphProto proto, Graph? outer)
    {
        Graph graph = new(proto.Name, outer);
        foreach (ValueInfoProto input in proto.Input)
            DeclarationReader.Declare(graph.AddInput(input.Name, ElementType.Undefined, null), input);
        ReadInitializers(graph, proto);
        // All outputs first: a node may stand before the producer of its input in files that are not sorted.
        Node[] nodes = [.. proto.Node.Select(n => AddNode(graph, n))];
        for (int i = 0; i < nodes.Length; i++)
            Connect(graph, nodes[i], proto.Node[i]);
        DeclarationReader.ReadOutputs(graph, proto);
        DeclarationReader.ReadValueInfo(graph, proto);
        foreach (Value value in graph.Values)
            value.AsRead = (value.ElementType, value.Shape);
        proto.Input.Clear();
        proto.Initializer.Clear();
        proto.SparseInitializer.Clear();
        proto.Node.Clear();
        proto.Output.Clear();
        proto.ValueInfo.Clear();
        graph.Unmodelled = proto.ToByteArray();
        return graph;
    }

    private void ReadInitializers(Graph graph, GraphProto proto)
    {
        foreach (TensorProto initializer in proto.Initializer)
            graph.SetInitializer(graph.Find(initializer.Name) ?? graph.NewValue(initializer.Name), tensors.Read(initializer));
        foreach (SparseTensorProto sparse in proto.SparseInitializer)
        {
            OpaqueTensors.TakeIn(sparse, tensors);
            string name = sparse.Values?.Name ?? "";
            graph.AddSparseInitializer(graph.Find(name) ?? graph.NewValue(name), sparse.ToByteArray());
        }
    }

    private static Node AddNode(Graph graph, NodeProto proto) =>
        graph.AddNode(proto.OpType, [], [.. proto.Output.Select(o => o.Length == 0 ? null : o)], Domain(proto.Domain), proto.Name);

    private void Connect(Graph graph, Node node, NodeProto proto)
    {
        for (int i = 0; i < proto.Input.Count; i++)
            node.SetInput(i, proto.Input[i].Length == 0 ? null : graph.FindInScope(proto.Input[i])
                ?? throw new GraphException($"Input '{proto.Input[i]}' of {node} is computed by no node; the file is damaged, fetch or export it again."));
        foreach (AttributeProto attribute in proto.Attribute)
            node.Attributes.Set(ReadAttribute(graph, attribute));
        proto.Input.Clear();
        proto.Output.Clear();
        proto.Attribute.Clear();
        node.Unmodelled = proto.ToByteArray();
    }

    private NodeAttribute ReadAttribute(Graph graph, AttributeProto proto)
    {
        AttributeKind kind = AttributeKinds.Of(proto);
        object? content = Take(graph, proto, kind);
        if (kind is AttributeKind.SparseTensor or AttributeKind.SparseTensors)
            OpaqueTensors.TakeIn(proto, tensors);
        return new NodeAttribute(proto.Name, kind, content) { Unmodelled = Rest(proto) };
    }

    private object? Take(Graph graph, AttributeProto proto, AttributeKind kind)
    {
        object? content = null;
        bool isReference = proto.RefAttrName.Length > 0;
        switch (kind)
        {
            case AttributeKind.Float when proto.HasF || !isReference: return proto.F;
            case AttributeKind.Int when proto.HasI || !isReference: return proto.I;
            case AttributeKind.String when proto.HasS || !isReference: return proto.S.ToByteArray();
            case AttributeKind.Floats: return proto.Floats.ToArray();
            case AttributeKind.Ints: return proto.Ints.ToArray();
            case AttributeKind.Strings: return proto.Strings.Select(s => s.ToByteArray()).ToArray();
            case AttributeKind.Tensor when proto.T is not null: content = tensors.Read(proto.T); proto.T = null; break;
            case AttributeKind.Graph when proto.G is not null: content = ReadGraph(proto.G, graph); proto.G = null; break;
            case AttributeKind.Tensors: content = proto.Tensors.Select(tensors.Read).ToArray(); proto.Tensors.Clear(); break;
            case AttributeKind.Graphs: content = proto.Graphs.Select(g => ReadGraph(g, graph)).ToArray(); proto.Graphs.Clear(); break;
        }
        return content;
    }

    /// <summary>What is left of an attribute; tensors that its kind does not speak of get their elements back.</summary>
    private byte[] Rest(AttributeProto proto)
    {
        byte[] rest = proto.ToByteArray();
        if (proto.T is null && proto.G is null && proto.Tensors.Count == 0 && proto.Graphs.Count == 0)
            return rest;
        IReadOnlyList<ReadOnlyMemory<byte>> pieces = WeightInserter.Insert(rest, MessageKind.Attribute,
            p => [tensors.Elements(new TensorProto { Placeholder = p })]);
        return [.. pieces.SelectMany(p => p.ToArray())];
    }
}
