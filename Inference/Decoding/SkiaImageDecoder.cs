using System.Buffers;
using SkiaSharp;

namespace OnnxFineTune.Inference;

/// <summary>
/// Decodes JPEG (CMYK too), PNG (palette, grey and 16-bit too), WebP, BMP, ICO and GIF (the first frame) with Skia. EXIF orientation is applied, transparency is laid over
/// white, as people see it, and colour profiles are ignored, as in training sets.
/// </summary>
public sealed class SkiaImageDecoder : IImageDecoder
{
    private const double HalfScale = 1.0 / 2, QuarterScale = 1.0 / 4, EighthScale = 1.0 / 8;

    /// <summary>A decoder with the default limit.</summary>
    public static SkiaImageDecoder Default { get; } = new();

    /// <summary>Pictures with more pixels are refused, since they take 4 bytes of memory each; 120 million by default.</summary>
    public long MaxPixels { get; init; } = 120_000_000;

    /// <inheritdoc/>
    public unsafe DecodedImage Decode(ReadOnlyMemory<byte> file, int enoughWidth = int.MaxValue, int enoughHeight = int.MaxValue)
    {
        if (file.IsEmpty)
            throw new ImageFormatException("The picture file is empty.");
        using MemoryHandle pinned = file.Pin();
        using SKData data = SKData.Create((nint)pinned.Pointer, file.Length);
        using SKCodec codec = SKCodec.Create(data)
            ?? throw new ImageFormatException("The file is no picture that can be read: JPEG, PNG, WebP, BMP and GIF are.");
        return Decode(codec, enoughWidth, enoughHeight);
    }

    private unsafe DecodedImage Decode(SKCodec codec, int enoughWidth, int enoughHeight)
    {
        SKSizeI full = codec.Info.Size;
        if ((long)full.Width * full.Height > MaxPixels)
            throw new ImageFormatException($"The picture has {full.Width}×{full.Height} pixels, more than the {MaxPixels / 1_000_000} million that are read. Make it smaller.");
        SKEncodedOrigin origin = codec.EncodedOrigin;
        SKSizeI size = Orientation.SwapsSides(origin) ? EnoughSize(codec, enoughHeight, enoughWidth) : EnoughSize(codec, enoughWidth, enoughHeight);
        bool opaque = codec.Info.AlphaType == SKAlphaType.Opaque;
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(DecodedImage.BytesPerPixel * size.Width * size.Height));
        SKImageInfo info = new(size.Width, size.Height, SKColorType.Rgba8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        SKCodecResult result;
        fixed (byte* target = pixels)
            result = codec.GetPixels(info, (nint)target);
        if (result != SKCodecResult.Success)
            throw new ImageFormatException(result == SKCodecResult.IncompleteInput
                ? "The picture file is truncated: it ends before the picture does."
                : $"The picture file is damaged ({result}).");
        if (!opaque)
            Transparency.LayOverWhite(pixels);
        return Orientation.Upright(size.Width, size.Height, pixels, origin);
    }

    /// <summary>The smallest size at which the JPEG decoder is fast and that is still enough; the full size for other formats.</summary>
    private static SKSizeI EnoughSize(SKCodec codec, int width, int height)
    {
        SKSizeI full = codec.Info.Size;
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg || width > full.Width / 2 || height > full.Height / 2)
            return full;
        foreach (double scale in (ReadOnlySpan<double>)[EighthScale, QuarterScale, HalfScale])
        {
            SKSizeI size = codec.GetScaledDimensions((float)scale);
            if (size.Width >= width && size.Height >= height)
                return size;
        }
        return full;
    }
}
