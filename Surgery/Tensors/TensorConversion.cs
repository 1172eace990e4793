using System.Runtime.InteropServices;

namespace OnnxFineTune.Surgery;

/// <summary>Elements as float32 or int64.</summary>
internal static class TensorConversion
{
    public static float[] ToFloats(TensorData tensor) => tensor.ElementType switch
    {
        ElementType.Float => tensor.Span<float>().ToArray(),
        ElementType.Double => Convert<double>(tensor, v => (float)v),
        ElementType.Float16 => Convert<Half>(tensor, v => (float)v),
        ElementType.BFloat16 => Convert<ushort>(tensor, v => BitConverter.UInt32BitsToSingle((uint)v << 16)),
        _ => Convert(ToLongs(tensor), v => (float)v),
    };

    public static long[] ToLongs(TensorData tensor) => tensor.ElementType switch
    {
        ElementType.Int64 or ElementType.UInt64 => tensor.Span<long>().ToArray(),
        ElementType.Int32 => Convert<int, long>(tensor.Span<int>(), v => v),
        ElementType.UInt32 => Convert<uint, long>(tensor.Span<uint>(), v => v),
        ElementType.Int16 => Convert<short, long>(tensor.Span<short>(), v => v),
        ElementType.UInt16 => Convert<ushort, long>(tensor.Span<ushort>(), v => v),
        ElementType.Int8 => Convert<sbyte, long>(tensor.Span<sbyte>(), v => v),
        ElementType.UInt8 or ElementType.Bool => Convert<byte, long>(tensor.Bytes.Span, v => v),
        _ => throw new GraphException($"A tensor of {tensor.ElementType} cannot be read as integers."),
    };

    private static float[] Convert<T>(TensorData tensor, Func<T, float> convert) where T : unmanaged =>
        Convert<T, float>(MemoryMarshal.Cast<byte, T>(tensor.Bytes.Span), convert);

    private static float[] Convert(long[] values, Func<long, float> convert) => Array.ConvertAll(values, v => convert(v));

    private static TResult[] Convert<T, TResult>(ReadOnlySpan<T> source, Func<T, TResult> convert)
    {
        TResult[] result = new TResult[source.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = convert(source[i]);
        return result;
    }
}
