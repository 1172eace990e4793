using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns a <see cref="TensorProto"/> into <see cref="TensorData"/>; elements stay where they are.</summary>
/// <param name="source">What placeholders refer to.</param>
/// <param name="external">Where external data lies; null where there is no folder.</param>
internal sealed class TensorReader(ReadOnlyMemory<byte> source, ExternalDataFolder? external)
{
    /// <summary>A reader of tensors whose elements are inside their message.</summary>
    public TensorReader() : this(default, null)
    {
    }

    public TensorData Read(TensorProto proto)
    {
        (ElementType type, Shape shape) = ((ElementType)proto.DataType, ReadShape(proto));
        if (proto.DataLocation == TensorProto.Types.DataLocation.External)
            return ReadExternal(proto, type, shape);
        ReadOnlyMemory<byte> elements = Elements(proto);
        TensorData tensor = new(type, shape, new ProtoStorage(proto, elements));
        bool raw = proto.HasRawData || proto.Placeholder?.Field == MessageKinds.RawData;
        int length = proto.HasRawData ? proto.RawData.Length : elements.Length;
        return !raw || proto.Segment is not null || length == tensor.ByteLength ? tensor
            : throw new GraphException($"The tensor '{proto.Name}' holds {length} bytes where {tensor} takes {tensor.ByteLength}; the file is damaged, fetch or export it again.");
    }

    /// <summary>The bytes that a placeholder stands for; none where there is no placeholder.</summary>
    public ReadOnlyMemory<byte> Elements(TensorProto proto)
    {
        if (proto.Placeholder is not { } placeholder)
            return default;
        if (placeholder.Offset < 0 || placeholder.Length < 0 || placeholder.Length > source.Length - placeholder.Offset || !MessageKinds.HoldsElements(placeholder.Field))
            throw new GraphException($"The tensor '{proto.Name}' uses the field {MessageKinds.Placeholder}, which this library keeps for itself.");
        return source.Slice((int)placeholder.Offset, (int)placeholder.Length);
    }

    private TensorData ReadExternal(TensorProto proto, ElementType type, Shape shape)
    {
        if (external is null)
            throw new GraphException($"The elements of the tensor '{proto.Name}' are in an external file, and a model in memory has no folder to look in; load the model from its file.");
        long length = (shape.ElementCount!.Value * type.BitWidth() + 7) / 8;
        (MappedFile? file, long offset) = external.Find(proto, length);
        return new TensorData(type, shape, new ExternalStorage(proto, file, offset));
    }

    private static Shape ReadShape(TensorProto proto)
    {
        try
        {
            long bits = 128;       // no element is larger: sizes in bits and bytes stay within a long as well
            foreach (long size in proto.Dims)
                bits = size >= 0 ? checked(bits * Math.Max(size, 1)) : throw new OverflowException();
            return Shape.Of([.. proto.Dims]);
        }
        catch (OverflowException)
        {
            throw new GraphException($"The tensor '{proto.Name}' has the impossible shape [{string.Join(", ", proto.Dims)}]; the file is damaged.");
        }
    }
}
