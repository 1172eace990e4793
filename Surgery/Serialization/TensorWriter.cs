using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// Turns <see cref="TensorData"/> into <see cref="TensorProto"/>. Large elements are not put into the message but noted, for
/// <see cref="WeightInserter"/> to write them from where they lie.
/// </summary>
/// <param name="external">Where the elements of large initializers go; null to keep them in the model.</param>
internal sealed class TensorWriter(IExternalData? external = null)
{
    private readonly List<TensorData> _large = [];

    /// <summary>The elements that a placeholder stands for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Elements(ElementsPlaceholder placeholder)
    {
        TensorData data = _large[(int)placeholder.Offset];
        return data.Storage is ProtoStorage read ? [read.Elements] : data.Storage.GetPieces(data);
    }

    public TensorProto WriteInitializer(Graph graph, string name, TensorData data)
    {
        if (external is null || !external.Takes(graph, data))
            return Write(name, data);
        TensorProto proto = Header(name, data);
        ClearElements(proto);
        proto.DataLocation = TensorProto.Types.DataLocation.External;
        external.Add(proto, data);
        return proto;
    }

    /// <summary>The message of a tensor, under another name than it was read with where <paramref name="name"/> is not empty.</summary>
    public TensorProto Write(string name, TensorData data)
    {
        TensorProto proto = Header(name, data);
        if (data.Storage is ProtoStorage)
        {
            if (proto.Placeholder is { } placeholder)
                proto.Placeholder = Note(data, placeholder.Field);
            return proto;
        }
        proto.ExternalData.Clear();
        proto.ClearDataLocation();
        if (data.ByteLength < WeightSkipper.Threshold)
            proto.RawData = UnsafeByteOperations.UnsafeWrap(data.Bytes);
        else
            proto.Placeholder = Note(data, MessageKinds.RawData);
        return proto;
    }

    private static TensorProto Header(string name, TensorData data)
    {
        TensorProto proto = data.Storage.Proto?.Clone() ?? new TensorProto { Dims = { data.Shape.ToArray() }, DataType = (int)data.ElementType };
        if (name.Length > 0 && proto.Name != name)
            proto.Name = name;
        return proto;
    }

    /// <summary>Removes elements in any form; external data is always raw.</summary>
    private static void ClearElements(TensorProto proto)
    {
        proto.ClearRawData();
        proto.Placeholder = null;
        proto.FloatData.Clear();
        proto.DoubleData.Clear();
        proto.Int32Data.Clear();
        proto.Int64Data.Clear();
        proto.Uint64Data.Clear();
        proto.ExternalData.Clear();
    }

    private ElementsPlaceholder Note(TensorData data, int field)
    {
        _large.Add(data);
        return new ElementsPlaceholder { Field = field, Offset = _large.Count - 1 };
    }
}
