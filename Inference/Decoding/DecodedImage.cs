namespace OnnxFineTune.Inference;

/// <summary>A picture in memory: 8-bit red, green, blue and one unused byte a pixel, row by row from the top left, without gaps.</summary>
public sealed class DecodedImage
{
    /// <summary>Bytes that one pixel takes.</summary>
    public const int BytesPerPixel = 4;

    /// <summary>A picture over pixels that must not change afterwards.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">4 · width · height bytes.</param>
    /// <exception cref="ArgumentException">The number of bytes does not fit the size.</exception>
    public DecodedImage(int width, int height, ReadOnlyMemory<byte> pixels)
    {
        if (width < 1 || height < 1 || pixels.Length != (long)BytesPerPixel * width * height)
            throw new ArgumentException($"A picture of {width}×{height} cannot have {pixels.Length} bytes.", nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>4 · width · height bytes: red, green, blue, unused.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>A picture from 3 · width · height bytes of red, green, blue.</summary>
    /// <exception cref="ArgumentException">The number of bytes does not fit the size.</exception>
    public static DecodedImage FromRgb(int width, int height, ReadOnlySpan<byte> rgb)
    {
        if (rgb.Length != 3L * width * height)
            throw new ArgumentException($"A picture of {width}×{height} cannot have {rgb.Length} bytes of RGB.", nameof(rgb));
        byte[] pixels = new byte[rgb.Length / 3 * BytesPerPixel];
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += BytesPerPixel)
        {
            rgb.Slice(from, 3).CopyTo(pixels.AsSpan(to));
            pixels[to + 3] = byte.MaxValue;
        }
        return new DecodedImage(width, height, pixels);
    }
}
