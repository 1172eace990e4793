using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxFineTune.Inference;

/// <summary>Separable resampling of pictures of 4 bytes a pixel: first along rows, then along columns, rounded to bytes after each, as Pillow does.</summary>
internal static class ImageResizer
{
    private const int Half = 1 << (ResamplingTable.PrecisionBits - 1);

    /// <summary>Writes the target pixels of both tables, row by row, every <paramref name="stride"/> bytes a row.</summary>
    public static void Resize(ReadOnlySpan<byte> source, int sourceWidth, ResamplingTable columns, ResamplingTable rows, Span<byte> target, int stride)
    {
        int firstRow = rows.FirstSource;
        int rowBytes = DecodedImage.BytesPerPixel * columns.Count;
        int sourceRowBytes = DecodedImage.BytesPerPixel * sourceWidth;
        byte[] narrow = ArrayPool<byte>.Shared.Rent(rowBytes * (rows.EndSource - firstRow));
        for (int y = firstRow; y < rows.EndSource; y++)
            ResampleRow(source.Slice(y * sourceRowBytes, sourceRowBytes), columns, narrow.AsSpan((y - firstRow) * rowBytes, rowBytes));
        for (int y = 0; y < rows.Count; y++)
            CombineRows(narrow.AsSpan((rows.Start(y) - firstRow) * rowBytes), rowBytes, rows.Weights(y), target.Slice(y * stride, rowBytes));
        ArrayPool<byte>.Shared.Return(narrow);
    }

    private static void ResampleRow(ReadOnlySpan<byte> row, ResamplingTable columns, Span<byte> target)
    {
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(row);
        Span<uint> result = MemoryMarshal.Cast<byte, uint>(target);
        for (int x = 0; x < result.Length; x++)
        {
            ReadOnlySpan<int> weights = columns.Weights(x);
            ReadOnlySpan<uint> window = pixels.Slice(columns.Start(x), weights.Length);
            Vector128<int> sum = Vector128.Create(Half);
            for (int i = 0; i < weights.Length; i++)
                sum += Widen(window[i]) * weights[i];
            result[x] = Narrow(sum);
        }
    }

    private static void CombineRows(ReadOnlySpan<byte> rows, int rowBytes, ReadOnlySpan<int> weights, Span<byte> target)
    {
        ref byte first = ref MemoryMarshal.GetReference(rows[..(weights.Length * rowBytes)]);
        int x = 0;
        for (; x + Vector128<byte>.Count <= target.Length; x += Vector128<byte>.Count)
        {
            Vector256<int> low = Vector256.Create(Half);
            Vector256<int> high = low;
            for (int i = 0; i < weights.Length; i++)
            {
                Vector256<ushort> pixels = Vector256.WidenLower(Vector128.LoadUnsafe(ref first, (nuint)(i * rowBytes + x)).ToVector256Unsafe());
                low += Vector256.WidenLower(pixels).AsInt32() * weights[i];
                high += Vector256.WidenUpper(pixels).AsInt32() * weights[i];
            }
            Vector256<ushort> words = Vector256.Narrow(Clamp(low), Clamp(high));
            Vector128.Narrow(words.GetLower(), words.GetUpper()).CopyTo(target[x..]);
        }
        for (; x < target.Length; x += DecodedImage.BytesPerPixel)
        {
            Vector128<int> sum = Vector128.Create(Half);
            for (int i = 0; i < weights.Length; i++)
                sum += Widen(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, i * rowBytes + x))) * weights[i];
            MemoryMarshal.Write(target[x..], Narrow(sum));
        }
    }

    private static Vector128<int> Widen(uint pixel) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixel).AsByte())).AsInt32();

    private static uint Narrow(Vector128<int> sum)
    {
        Vector128<uint> clamped = Vector128.Clamp(sum >> ResamplingTable.PrecisionBits, Vector128<int>.Zero, Vector128.Create(255)).AsUInt32();
        Vector128<ushort> words = Vector128.Narrow(clamped, clamped);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    private static Vector256<uint> Clamp(Vector256<int> sum) =>
        Vector256.Clamp(sum >> ResamplingTable.PrecisionBits, Vector256<int>.Zero, Vector256.Create(255)).AsUInt32();
}
