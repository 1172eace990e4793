using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxFineTune.Inference;

/// <summary>Pixels of 4 bytes (red, green, blue, unused) to the numbers of a tensor: (pixel · scale − mean) / std.</summary>
internal static class PixelNormalizer
{
    private const int BitsPerChannel = 8;

    // Pillow's fixed-point luma, 16 bits behind the point.
    private const uint RedWeight = 19595, GreenWeight = 38470, BlueWeight = 7471, LumaHalf = 1 << 15;
    private const int LumaBits = 16;

    /// <summary>One float a pixel and channel, in the order and layout of <paramref name="settings"/>.</summary>
    public static void Write(ImagePreprocessing settings, Span<byte> pixels, Span<float> destination)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(pixels);
        int channels = settings.Channels;
        if (settings.ChannelOrder == ChannelOrder.Grey)
            ToLuma(words);
        for (int c = 0; c < channels; c++)
        {
            int shift = BitsPerChannel * (settings.ChannelOrder == ChannelOrder.Bgr ? 2 - c : c);
            float mean = settings.Mean[settings.Mean.Count == 1 ? 0 : c];
            float std = settings.Std[settings.Std.Count == 1 ? 0 : c];
            if (settings.Layout == TensorLayout.Nchw || channels == 1)
                WritePlane(words, shift, settings.Scale, mean, std, destination.Slice(c * words.Length, words.Length));
            else
                WriteInterleaved(words, shift, settings.Scale, mean, std, destination[c..], channels);
        }
    }

    private static void WritePlane(ReadOnlySpan<uint> pixels, int shift, float scale, float mean, float std, Span<float> plane)
    {
        int i = 0;
        Vector256<uint> mask = Vector256.Create((uint)byte.MaxValue);
        for (; i + Vector256<uint>.Count <= pixels.Length; i += Vector256<uint>.Count)
        {
            Vector256<int> channel = ((Vector256.Create(pixels[i..]) >>> shift) & mask).AsInt32();
            ((Vector256.ConvertToSingle(channel) * scale - Vector256.Create(mean)) / std).CopyTo(plane[i..]);
        }
        for (; i < pixels.Length; i++)
            plane[i] = ((byte)(pixels[i] >> shift) * scale - mean) / std;
    }

    private static void WriteInterleaved(ReadOnlySpan<uint> pixels, int shift, float scale, float mean, float std, Span<float> destination, int channels)
    {
        for (int i = 0; i < pixels.Length; i++)
            destination[i * channels] = ((byte)(pixels[i] >> shift) * scale - mean) / std;
    }

    private static void ToLuma(Span<uint> pixels)
    {
        foreach (ref uint pixel in pixels)
            pixel = ((byte)pixel * RedWeight + (byte)(pixel >> BitsPerChannel) * GreenWeight + (byte)(pixel >> 2 * BitsPerChannel) * BlueWeight + LumaHalf) >> LumaBits;
    }
}
