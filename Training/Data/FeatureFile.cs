using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OnnxFineTune.Training;

/// <summary>
/// Features by content hash in one file that only grows. Layout, little-endian: magic, key (32 bytes), number of parts, floats of each part, CRC-32C of all that;
/// then records of equal length: hash (32), CRC-32C of hash and features (4), features. What a crash left half-written is cut off or found by its checksum.
/// </summary>
/// <remarks>Rows are read with positioned reads, which the operating system serves from its page cache: as fast as a mapping here, and a file that another program cuts
/// short is an error instead of a crash.</remarks>
internal sealed class FeatureFile : IDisposable
{
    private const ulong Magic = 0x3154_4145_4654_464F;      // "OFTFEAT1"
    private const int Fixed = sizeof(ulong) + ContentHash.Size + sizeof(int);
    private const int MostParts = 4096;
    private const int Prefix = ContentHash.Size + sizeof(uint);

    private readonly FileStream _stream;
    private readonly Dictionary<ContentHash, long> _offsets = [];
    private readonly int _header;
    private readonly int _record;
    private long _end;

    private FeatureFile(FileStream stream, int[] lengths)
    {
        _stream = stream;
        Lengths = lengths;
        _header = Fixed + sizeof(int) * (lengths.Length + 1);
        _record = checked(Prefix + sizeof(float) * lengths.Sum());
        _end = _header;
    }

    /// <summary>Floats of each part of a row.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Number of different rows.</summary>
    public int Count => _offsets.Count;

    /// <summary>A new, empty file in <paramref name="stream"/>, which it owns.</summary>
    public static FeatureFile Create(FileStream stream, ContentHash key, IReadOnlyList<int> lengths)
    {
        FeatureFile file = new(stream, [.. lengths]);
        byte[] header = new byte[file._header];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        key.CopyTo(header.AsSpan(sizeof(ulong)));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(Fixed - sizeof(int)), lengths.Count);
        for (int i = 0; i < lengths.Count; i++)
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(Fixed + sizeof(int) * i), lengths[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(^sizeof(uint)), Checksum(header.AsSpan(..^sizeof(uint))));
        stream.SetLength(0);
        RandomAccess.Write(stream.SafeFileHandle, header, 0);
        return file;
    }

    /// <summary>The file in <paramref name="stream"/>, which it then owns; null where it is empty, damaged or of another key.</summary>
    public static FeatureFile? Open(FileStream stream, ContentHash key)
    {
        byte[] start = new byte[Fixed];
        if (!ReadAll(stream, start, 0) || BinaryPrimitives.ReadUInt64LittleEndian(start) != Magic || ContentHash.Read(start.AsSpan(sizeof(ulong))) != key)
            return null;
        int parts = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(Fixed - sizeof(int)));
        if (parts is < 1 or > MostParts)
            return null;
        byte[] header = new byte[Fixed + sizeof(int) * (parts + 1)];
        if (!ReadAll(stream, header, 0) || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(^sizeof(uint))) != Checksum(header.AsSpan(..^sizeof(uint))))
            return null;
        int[] lengths = new int[parts];
        for (int i = 0; i < parts; i++)
            lengths[i] = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(Fixed + sizeof(int) * i));
        FeatureFile file = new(stream, lengths);
        file.ReadIndex();
        return file;
    }

    /// <summary>Whether the file holds the features of this content.</summary>
    public bool Contains(ContentHash hash) => _offsets.ContainsKey(hash);

    /// <summary>Reads a row. Safe from several threads as long as nothing is appended.</summary>
    /// <returns>False where there is none, or where it is damaged.</returns>
    public bool TryRead(ContentHash hash, Span<float> destination)
    {
        if (!_offsets.TryGetValue(hash, out long offset))
            return false;
        Span<byte> prefix = stackalloc byte[Prefix];
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        return ReadAll(_stream, prefix, offset) && ReadAll(_stream, bytes, offset + Prefix) && ContentHash.Read(prefix) == hash
            && BinaryPrimitives.ReadUInt32LittleEndian(prefix[ContentHash.Size..]) == Checksum(bytes, Checksum(prefix[..ContentHash.Size]));
    }

    /// <summary>Appends rows and takes them into the index once they are written; a row of a hash that is there already replaces it.</summary>
    /// <exception cref="IOException">The disk is full or fails; the file is as before.</exception>
    public void Append(ReadOnlySpan<ContentHash> hashes, ReadOnlySpan<float> rows)
    {
        byte[] bytes = new byte[checked(hashes.Length * _record)];
        int length = _record - Prefix;
        for (int i = 0; i < hashes.Length; i++)
        {
            Span<byte> record = bytes.AsSpan(i * _record, _record);
            hashes[i].CopyTo(record);
            MemoryMarshal.AsBytes(rows).Slice(i * length, length).CopyTo(record[Prefix..]);
            BinaryPrimitives.WriteUInt32LittleEndian(record[ContentHash.Size..], Checksum(record[Prefix..], Checksum(record[..ContentHash.Size])));
        }
        RandomAccess.Write(_stream.SafeFileHandle, bytes, _end);
        for (int i = 0; i < hashes.Length; i++)
            _offsets[hashes[i]] = _end + (long)i * _record;
        _end += bytes.Length;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private void ReadIndex()
    {
        long count = Math.Max(0, (_stream.Length - _header) / _record);
        Span<byte> bytes = stackalloc byte[ContentHash.Size];
        for (long i = 0; i < count; i++)
            if (ReadAll(_stream, bytes, _header + i * _record))
                _offsets[ContentHash.Read(bytes)] = _header + i * _record;
        _end = _header + count * _record;
    }

    private static bool ReadAll(FileStream stream, Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(stream.SafeFileHandle, destination, offset);
            if (read == 0)
                return false;
            destination = destination[read..];
            offset += read;
        }
        return true;
    }

    /// <summary>CRC-32C (Castagnoli), which processors compute eight bytes at a time.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes, uint checksum = uint.MaxValue)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            checksum = BitOperations.Crc32C(checksum, word);
        foreach (byte rest in bytes[(bytes.Length & ~7)..])
            checksum = BitOperations.Crc32C(checksum, rest);
        return checksum;
    }
}
