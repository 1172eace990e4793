using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace OnnxFineTune.Inference.Tests;

/// <summary>Picture files made for tests: with Skia's encoders, and byte by byte for what those cannot write.</summary>
internal static class Pictures
{
    public static readonly SKColor[] RedGreenBlueWhite = [new(255, 0, 0), new(0, 255, 0), new(0, 0, 255), new(255, 255, 255)];

    /// <summary>8×8 pixels of one colour in Adobe's inverted CMYK, cyan 0, magenta 200, yellow 100, black 30 of 255; written by Pillow, which reads it as (225, 49, 137).</summary>
    public static byte[] CmykJpeg => Convert.FromBase64String(
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAkHCP/EABQQAQ"
        + "AAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8AVNjxSCBv/9k=");

    /// <summary>A file of blocks of one colour each, in rows of <paramref name="columns"/>.</summary>
    public static byte[] Blocks(SKEncodedImageFormat format, int columns, int blockSize, params SKColor[] colors)
    {
        using SKBitmap bitmap = new(columns * blockSize, colors.Length / columns * blockSize, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        for (int y = 0; y < bitmap.Height; y++)
            for (int x = 0; x < bitmap.Width; x++)
                bitmap.SetPixel(x, y, colors[y / blockSize * columns + x / blockSize]);
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? data = format switch
        {
            SKEncodedImageFormat.Webp => pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100)),
            _ => pixels.Encode(format, 95),
        };
        return data?.ToArray() ?? throw new InvalidOperationException($"Skia cannot write {format}.");
    }

    /// <summary>A JPEG with an EXIF segment that holds nothing but the orientation tag.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8,
            .. "MM"u8, 0, 42, 0, 0, 0, 8,                      // big-endian TIFF, first directory at 8
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0,   // one entry: tag 0x112, one SHORT
            0, 0, 0, 0,                                         // no further directory
        ];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    /// <summary>A PNG (ISO 15948) from unfiltered rows.</summary>
    /// <param name="colorType">0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.</param>
    public static byte[] Png(int width, int height, byte bitDepth, byte colorType, byte[][] rows, byte[]? palette = null, byte[]? transparency = null)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            foreach (byte[] row in rows)
                zlib.Write([0, .. row]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (bitDepth, colorType);
        return
        [
            0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, header), .. palette is null ? [] : Chunk("PLTE"u8, palette),
            .. transparency is null ? [] : Chunk("tRNS"u8, transparency), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, []),
        ];
    }

    /// <summary>A 2×2 BMP of 24 bits, rows from the bottom: red, green / blue, white.</summary>
    public static byte[] Bmp =>
    [
        .. "BM"u8, 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
        40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 0, 0, 255, 255, 255, 0, 0,
        0, 0, 255, 0, 255, 0, 0, 0,
    ];

    /// <summary>A GIF of two frames of 2×2: red, green / blue, white, then all red.</summary>
    public static byte[] Gif =>
    [
        .. "GIF89a"u8, 2, 0, 2, 0, 0x81, 0, 0,
        255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255,
        .. GifFrame(0, 1, 2, 3), .. GifFrame(0, 0, 0, 0), 0x3B,
    ];

    private static byte[] GifFrame(params int[] pixels)
    {
        const int clear = 4, end = 5;
        // Codes of 3 bits, least significant bit first; the table is cleared every two pixels so that codes never grow.
        int[] codes = [clear, pixels[0], pixels[1], clear, pixels[2], pixels[3], end];
        uint bits = 0;
        for (int i = 0; i < codes.Length; i++)
            bits |= (uint)codes[i] << (3 * i);
        return
        [
            0x21, 0xF9, 4, 0, 10, 0, 0, 0,
            0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, (byte)bits, (byte)(bits >> 8), (byte)(bits >> 16), 0,
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content)
    {
        byte[] body = [.. type, .. content];
        byte[] chunk = [0, 0, 0, 0, .. body, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32(body));
        return chunk;
    }

    private static uint Crc32(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
