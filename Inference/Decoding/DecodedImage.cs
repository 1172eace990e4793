using System.Buffers;

namespace OnnxFineTune.Inference;

/// <summary>
/// A picture in memory: 8-bit red, green, blue and one unused byte a pixel, row by row from the top left, without gaps. Decoders rent the memory;
/// who disposes of the picture when done gives it back for the next one, who does not leaves it to the garbage collector.
/// </summary>
public sealed class DecodedImage : IDisposable
{
    /// <summary>Bytes that one pixel takes.</summary>
    public const int BytesPerPixel = 4;

    private readonly ReadOnlyMemory<byte> _pixels;
    private IMemoryOwner<byte>? _owner;
    private volatile bool _isDisposed;

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
        _pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>4 · width · height bytes: red, green, blue, unused.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been given back.</exception>
    public ReadOnlyMemory<byte> Pixels => _isDisposed ? throw new ObjectDisposedException(nameof(DecodedImage)) : _pixels;

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

    /// <summary>Gives rented memory back; the pixels are gone.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Interlocked.Exchange(ref _owner, null)?.Dispose();
    }

    /// <summary>A picture in rented memory, to be filled through <paramref name="pixels"/>.</summary>
    internal static DecodedImage Rent(int width, int height, out Span<byte> pixels)
    {
        int length = checked(BytesPerPixel * width * height);
        IMemoryOwner<byte> owner = MemoryPool<byte>.Shared.Rent(length);
        Memory<byte> memory = owner.Memory[..length];
        pixels = memory.Span;
        return new DecodedImage(width, height, memory) { _owner = owner };
    }
}
