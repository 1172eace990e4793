using System.Buffers.Binary;
using System.Text;

namespace OnnxFineTune.Training;

/// <summary>
/// Checks that all that a FlatBuffers file points to lies within it and is aligned, as the C++ verifier does, with which the runtime checks a checkpoint.
/// </summary>
/// <remarks>The verifier of Google.FlatBuffers 25.2.10 skips tables further than 32 KB from their list of fields, which those behind a large tensor are.</remarks>
internal sealed class FlatVerifier
{
    private const int MaxTables = 1_000_000;      // the limit of the C++ verifier

    private readonly byte[] _bytes;
    private int _tables;

    private FlatVerifier(byte[] bytes) => _bytes = bytes;

    /// <summary>Whether a file has an identifier at byte 4.</summary>
    public static bool HasIdentifier(byte[] bytes, string identifier) =>
        bytes.Length >= 8 && bytes.AsSpan(4, 4).SequenceEqual(Encoding.ASCII.GetBytes(identifier));

    /// <summary>Whether a file is sound.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="root">The slots of its root table.</param>
    public static bool IsSound(byte[] bytes, IReadOnlyList<FlatField> root)
    {
        FlatVerifier verifier = new(bytes);
        return verifier.Follow(0, out long table) && verifier.Table(table, root);
    }

    private bool Table(long position, IReadOnlyList<FlatField> fields)
    {
        if (++_tables > MaxTables || !Scalar(position, sizeof(int)))
            return false;
        long list = position - BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan((int)position));
        if (!Scalar(list, sizeof(ushort)))
            return false;
        int size = UInt16(list);
        if (size % sizeof(ushort) != 0 || !IsInside(list, size))
            return false;
        for (int slot = 0; slot < fields.Count; slot++)
        {
            int entry = FlatTable.VTableOffset(slot);
            int offset = entry < size ? UInt16(list + entry) : 0;
            if (offset != 0 && !Field(position + offset, fields[slot]))
                return false;
        }
        return true;
    }

    private bool Field(long at, FlatField field) => field.Kind == FlatKind.Scalar ? Scalar(at, field.Size)
        : Follow(at, out long target) && field.Kind switch
        {
            FlatKind.Text => Text(target),
            FlatKind.Vector => Vector(target, field.Size, out _),
            FlatKind.Texts => Elements(target, Text),
            FlatKind.Table => Table(target, field.Fields!),
            _ => Elements(target, t => Table(t, field.Fields!)),
        };

    private bool Elements(long vector, Func<long, bool> isSound)
    {
        if (!Vector(vector, sizeof(uint), out long count))
            return false;
        for (long i = 0; i < count; i++)
            if (!Follow(vector + sizeof(uint) * (i + 1), out long element) || !isSound(element))
                return false;
        return true;
    }

    private bool Text(long position) =>
        Vector(position, 1, out long length) && IsInside(position + sizeof(uint) + length, 1) && _bytes[position + sizeof(uint) + length] == 0;

    private bool Vector(long position, int elementSize, out long count)
    {
        count = Scalar(position, sizeof(uint)) ? UInt32(position) : -1;
        return count >= 0 && IsInside(position + sizeof(uint), count * elementSize);
    }

    private bool Follow(long at, out long target)
    {
        target = Scalar(at, sizeof(uint)) ? at + UInt32(at) : at;
        return target != at && IsInside(target, 1);      // nothing points to itself
    }

    private bool Scalar(long position, int size) => position % size == 0 && IsInside(position, size);

    private bool IsInside(long position, long length) => position >= 0 && length <= _bytes.Length && position <= _bytes.Length - length;

    private int UInt16(long position) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan((int)position));

    private uint UInt32(long position) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan((int)position));
}
