using System.Runtime.InteropServices;
using SkiaSharp;

namespace OnnxFineTune.Inference;

/// <summary>Turns pictures the way that their EXIF orientation tag asks for (Exif 2.3, tag 274; eight cases).</summary>
internal static class Orientation
{
    /// <summary>Whether width and height change places.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>The picture upright: itself, or another one in place of it.</summary>
    /// <param name="origin">Where in the upright picture the first row and the first column of the stored one lie.</param>
    public static DecodedImage Upright(DecodedImage stored, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or 0)
            return stored;
        bool swaps = SwapsSides(origin);
        (int width, int height) = swaps ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        bool mirrorsX = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        bool mirrorsY = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        DecodedImage upright = DecodedImage.Rent(width, height, out Span<byte> pixels);
        ReadOnlySpan<uint> source = MemoryMarshal.Cast<byte, uint>(stored.Pixels.Span);
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(pixels);
        for (int y = 0; y < height; y++)
        {
            int storedY = mirrorsY ? height - 1 - y : y;
            for (int x = 0; x < width; x++)
            {
                int storedX = mirrorsX ? width - 1 - x : x;
                target[y * width + x] = source[swaps ? storedX * stored.Width + storedY : storedY * stored.Width + storedX];
            }
        }
        stored.Dispose();
        return upright;
    }
}
