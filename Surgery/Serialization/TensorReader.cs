using System.Runtime.InteropServices;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns a <see cref="TensorProto"/> into <see cref="TensorData"/>.</summary>
internal sealed class TensorReader
{
    public TensorData Read(TensorProto proto) => new((ElementType)proto.DataType, Shape.Of([.. proto.Dims]), new ProtoStorage(proto));
}

/// <summary>Elements as they came in a <see cref="TensorProto"/>, written back unchanged.</summary>
internal sealed class ProtoStorage(TensorProto proto) : TensorStorage
{
    public TensorProto Proto => proto;

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor)
    {
        if (proto.HasRawData || tensor.Count == 0)
            return proto.RawData.Memory;
        return tensor.ElementType switch
        {
            ElementType.Float or ElementType.Complex64 => AsBytes<float>([.. proto.FloatData]),
            ElementType.Double or ElementType.Complex128 => AsBytes<double>([.. proto.DoubleData]),
            ElementType.Int64 => AsBytes<long>([.. proto.Int64Data]),
            ElementType.UInt64 or ElementType.UInt32 => tensor.ElementType == ElementType.UInt64
                ? AsBytes<ulong>([.. proto.Uint64Data]) : AsBytes<uint>([.. proto.Uint64Data.Select(v => (uint)v)]),
            ElementType.Int32 => AsBytes<int>([.. proto.Int32Data]),
            ElementType.String => throw new GraphException("A tensor of strings has no raw bytes."),
            _ when tensor.ElementType.BitWidth() == 16 => AsBytes<ushort>([.. proto.Int32Data.Select(v => (ushort)v)]),
            _ => AsBytes<byte>([.. proto.Int32Data.Select(v => (byte)v)]),
        };
    }

    private static byte[] AsBytes<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();
}
