using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>
/// A constant tensor: element type, shape and elements in row-major, little-endian order. Immutable. The elements lie in managed memory,
/// in a memory-mapped file, or in an external data file, and are read only when asked for.
/// </summary>
public sealed class TensorData
{
    private readonly TensorStorage _storage;

    internal TensorData(ElementType elementType, Shape shape, TensorStorage storage)
    {
        ElementType = elementType;
        Shape = shape;
        _storage = storage;
    }

    /// <summary>Type of the elements.</summary>
    public ElementType ElementType { get; }

    /// <summary>Static shape.</summary>
    public Shape Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count => Shape.ElementCount!.Value;

    /// <summary>Bytes of the elements as <c>raw_data</c> holds them; 0 for strings.</summary>
    public long ByteLength => BytesOf(ElementType, Shape);

    internal TensorStorage Storage => _storage;

    /// <summary>The elements as <c>raw_data</c> holds them, without a copy where they lie in a mapped file.</summary>
    /// <exception cref="GraphException">The elements are strings, or an external file is missing or too short.</exception>
    public ReadOnlyMemory<byte> Bytes => _storage.GetBytes(this);

    /// <summary>The elements as <typeparamref name="T"/>, whose size must be that of the element type.</summary>
    /// <remarks>A span does not keep a mapped file alive: keep the tensor or its model referenced while you use it.</remarks>
    public ReadOnlySpan<T> Span<T>() where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() * 8 != ElementType.BitWidth())
            throw new GraphException($"A tensor of {ElementType} cannot be read as {typeof(T).Name}.");
        return MemoryMarshal.Cast<byte, T>(Bytes.Span);
    }

    /// <summary>The elements of a float, double, float16 or bfloat16 tensor as float32, in a new array.</summary>
    public float[] ToFloats() => TensorConversion.ToFloats(this);

    /// <summary>The elements of an integer or bool tensor as int64, in a new array.</summary>
    public long[] ToLongs() => TensorConversion.ToLongs(this);

    /// <summary>A tensor over a copy of <paramref name="values"/>.</summary>
    public static TensorData FromFloats(ReadOnlySpan<float> values, params ReadOnlySpan<long> dimensions) =>
        FromBytes(ElementType.Float, Shape.Of(dimensions), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor over a copy of <paramref name="values"/>.</summary>
    public static TensorData FromLongs(ReadOnlySpan<long> values, params ReadOnlySpan<long> dimensions) =>
        FromBytes(ElementType.Int64, Shape.Of(dimensions), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements of a tensor of strings, in a new array.</summary>
    /// <exception cref="GraphException">The elements are not strings.</exception>
    public string[] ToStrings() => ElementType == ElementType.String && _storage.Proto is { } proto
        ? [.. proto.StringData.Select(s => s.ToStringUtf8())]
        : throw new GraphException($"A tensor of {ElementType} cannot be read as strings.");

    /// <summary>A tensor of strings.</summary>
    /// <exception cref="GraphException">The number of strings does not fit the shape.</exception>
    public static TensorData FromStrings(ReadOnlySpan<string> values, params ReadOnlySpan<long> dimensions)
    {
        TensorProto proto = new() { Dims = { dimensions.ToArray() }, DataType = (int)ElementType.String };
        foreach (string value in values)
            proto.StringData.Add(ByteString.CopyFromUtf8(value));
        TensorData data = new(ElementType.String, Shape.Of(dimensions), new ProtoStorage(proto, default));
        return data.Count == values.Length ? data
            : throw new GraphException($"A tensor of {data} takes {data.Count} strings, not {values.Length}.");
    }

    /// <summary>A float32 scalar.</summary>
    public static TensorData Scalar(float value) => FromFloats([value]);

    /// <summary>An int64 scalar.</summary>
    public static TensorData Scalar(long value) => FromLongs([value]);

    /// <summary>A one-dimensional int64 tensor.</summary>
    public static TensorData Vector(params ReadOnlySpan<long> values) => FromLongs(values, values.Length);

    /// <summary>A tensor over <paramref name="bytes"/>, which must not change afterwards.</summary>
    /// <exception cref="GraphException">The number of bytes does not fit type and shape.</exception>
    public static TensorData FromBytes(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
    {
        TensorData data = new(type, shape, new MemoryStorage(bytes));
        return data.ByteLength == bytes.Length ? data
            : throw new GraphException($"A tensor of {type} {shape} takes {data.ByteLength} bytes, not {bytes.Length}.");
    }

    /// <summary>Bytes of the elements of a tensor of this type and static shape; 0 for strings.</summary>
    internal static long BytesOf(ElementType type, Shape shape) => type == ElementType.String ? 0 : (shape.ElementCount!.Value * type.BitWidth() + 7) / 8;

    /// <summary>For example <c>Float [64, 3, 7, 7]</c>.</summary>
    public override string ToString() => $"{ElementType} {Shape}";
}
