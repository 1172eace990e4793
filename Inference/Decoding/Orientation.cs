using System.Runtime.InteropServices;
using SkiaSharp;

namespace OnnxFineTune.Inference;

/// <summary>Turns pictures the way that their EXIF orientation tag asks for (Exif 2.3, tag 274; eight cases).</summary>
internal static class Orientation
{
    /// <summary>Whether width and height change places.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>The picture upright.</summary>
    /// <param name="origin">Where in the upright picture the first row and the first column of the stored one lie.</param>
    public static DecodedImage Upright(int width, int height, byte[] pixels, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or 0)
            return new DecodedImage(width, height, pixels);
        bool swaps = SwapsSides(origin);
        (int uprightWidth, int uprightHeight) = swaps ? (height, width) : (width, height);
        bool mirrorsX = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        bool mirrorsY = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        byte[] upright = GC.AllocateUninitializedArray<byte>(pixels.Length);
        ReadOnlySpan<uint> source = MemoryMarshal.Cast<byte, uint>(pixels);
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(upright.AsSpan());
        for (int y = 0; y < uprightHeight; y++)
        {
            int storedY = mirrorsY ? uprightHeight - 1 - y : y;
            for (int x = 0; x < uprightWidth; x++)
            {
                int storedX = mirrorsX ? uprightWidth - 1 - x : x;
                target[y * uprightWidth + x] = source[swaps ? storedX * width + storedY : storedY * width + storedX];
            }
        }
        return new DecodedImage(uprightWidth, uprightHeight, upright);
    }
}
