using System.Runtime.InteropServices;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>Elements as they came in a <see cref="TensorProto"/>, written back unchanged.</summary>
/// <param name="proto">The message; a placeholder stands for elements that were left in the file.</param>
/// <param name="elements">The elements that the placeholder stands for.</param>
internal sealed class ProtoStorage(TensorProto proto, ReadOnlyMemory<byte> elements) : TensorStorage
{
    private ReadOnlyMemory<byte>? _converted;

    public override TensorProto Proto => proto;

    /// <summary>The elements that the placeholder stands for.</summary>
    public ReadOnlyMemory<byte> Elements => elements;

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor)
    {
        ReadOnlyMemory<byte> bytes = proto.Placeholder is not null ? elements
            : proto.HasRawData ? proto.RawData.Memory
            : _converted ??= Convert(tensor);
        return bytes.Length == tensor.ByteLength ? bytes
            : throw new GraphException($"The tensor '{proto.Name}' holds {bytes.Length} bytes where {tensor} takes {tensor.ByteLength}; the file is damaged.");
    }

    private byte[] Convert(TensorData tensor) => tensor.ElementType switch
    {
        ElementType.Float or ElementType.Complex64 => AsBytes<float>([.. proto.FloatData]),
        ElementType.Double or ElementType.Complex128 => AsBytes<double>([.. proto.DoubleData]),
        ElementType.Int64 => AsBytes<long>([.. proto.Int64Data]),
        ElementType.UInt64 => AsBytes<ulong>([.. proto.Uint64Data]),
        ElementType.UInt32 => AsBytes<uint>([.. proto.Uint64Data.Select(v => (uint)v)]),
        ElementType.Int32 => AsBytes<int>([.. proto.Int32Data]),
        ElementType.String => throw new GraphException($"The tensor '{proto.Name}' holds strings, which have no raw bytes; read it with ToStrings."),
        _ when tensor.ElementType.BitWidth() == 16 => AsBytes<ushort>([.. proto.Int32Data.Select(v => (ushort)v)]),
        _ => AsBytes<byte>([.. proto.Int32Data.Select(v => (byte)v)]),
    };

    private static byte[] AsBytes<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();
}
