using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Reads the declarations of values: inputs, outputs and <c>value_info</c>. The first of a value's declarations is its own.</summary>
internal static class DeclarationReader
{
    public static void Declare(Value value, ValueInfoProto proto)
    {
        value.IsDeclared = true;
        value.Unmodelled = proto.ToByteArray();
        ReadType(value, proto);
    }

    public static void ReadOutputs(Graph graph, GraphProto proto)
    {
        foreach (ValueInfoProto output in proto.Output)
        {
            Value value = graph.FindInScope(output.Name) ?? throw new GraphException(
                $"The graph output '{output.Name}' is computed by no node; the file is damaged, fetch or export it again.");
            graph.AddOutput(value);
            if (value.Graph == graph && !value.IsDeclared)
                Declare(value, output);
            else
                graph.OutputDeclarations[value] = output.ToByteArray();
        }
    }

    public static void ReadValueInfo(Graph graph, GraphProto proto)
    {
        foreach (ValueInfoProto info in proto.ValueInfo)
        {
            Value? value = graph.Find(info.Name);
            bool isOwn = value is { IsDeclared: false };
            graph.ValueInfo.Add(new ValueInfoEntry(value, isOwn ? (ReadOnlyMemory<byte>?)null : info.ToByteArray()));
            if (isOwn)
                Declare(value!, info);
            else if (value is not null && value.Shape is null)
                ReadType(value, info);      // an output that is declared without a shape, and here with one
        }
    }

    private static void ReadType(Value value, ValueInfoProto proto)
    {
        if (proto.Type?.ValueCase != TypeProto.ValueOneofCase.TensorType || value.IsInitializer)
            return;
        value.ElementType = (ElementType)proto.Type.TensorType.ElemType;
        value.Shape = proto.Type.TensorType.Shape is { } shape ? new Shape([.. shape.Dim.Select(ReadDimension)]) : null;
    }

    private static Dimension ReadDimension(TensorShapeProto.Types.Dimension dim) => dim.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam => Dimension.Named(dim.DimParam),
        _ => Dimension.Unknown,
    };
}
