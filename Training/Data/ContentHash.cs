using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxFineTune.Training;

/// <summary>SHA-256 of some content (FIPS 180-4); the key under which work done on that content is found again.</summary>
/// <param name="A">Bytes 0 to 7.</param>
/// <param name="B">Bytes 8 to 15.</param>
/// <param name="C">Bytes 16 to 23.</param>
/// <param name="D">Bytes 24 to 31.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct ContentHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 32;

    /// <summary>The hash of <paramref name="content"/>.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> bytes = stackalloc byte[Size];
        SHA256.HashData(content, bytes);
        return Read(bytes);
    }

    /// <summary>The hash of a stream from its present position to its end.</summary>
    public static ContentHash Of(Stream content)
    {
        Span<byte> bytes = stackalloc byte[Size];
        SHA256.HashData(content, bytes);
        return Read(bytes);
    }

    /// <summary>The hash whose bytes these are, as <see cref="CopyTo"/> wrote them.</summary>
    public static ContentHash Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ContentHash>(bytes);

    /// <summary>Writes the 32 bytes of the hash.</summary>
    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, this);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
