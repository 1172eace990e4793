using System.Buffers.Binary;
using System.Text;

namespace OnnxFineTune.Training.Tests;

/// <summary>A table of a FlatBuffers file, read by the format's definition alone: root offset, vtable, slots. It shares no code with what writes checkpoints.</summary>
internal sealed class PlainFlatBuffer(byte[] bytes, int position)
{
    public static PlainFlatBuffer Root(byte[] bytes) => new(bytes, (int)U32(bytes, 0));

    public bool Has(int slot) => At(slot) is not null;

    public int Int(int slot) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(At(slot)!.Value));

    public long Long(int slot) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(At(slot)!.Value));

    public float Float(int slot) => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(At(slot)!.Value));

    public bool Bool(int slot) => bytes[At(slot)!.Value] == 1;

    public PlainFlatBuffer Table(int slot) => new(bytes, Follow(At(slot)!.Value));

    public string Text(int slot)
    {
        int start = Follow(At(slot)!.Value);
        return Encoding.UTF8.GetString(bytes, start + 4, (int)U32(bytes, start));
    }

    public byte[] Bytes(int slot)
    {
        int start = Follow(At(slot)!.Value);
        return bytes[(start + 4)..(start + 4 + (int)U32(bytes, start))];
    }

    public long[] Longs(int slot)
    {
        int start = Follow(At(slot)!.Value);
        return [.. Enumerable.Range(0, (int)U32(bytes, start)).Select(i => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(start + 4 + 8 * i)))];
    }

    public PlainFlatBuffer[] Tables(int slot)
    {
        int start = Follow(At(slot)!.Value);
        return [.. Enumerable.Range(0, (int)U32(bytes, start)).Select(i => new PlainFlatBuffer(bytes, Follow(start + 4 + 4 * i)))];
    }

    private int? At(int slot)
    {
        int vtable = position - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position));
        int size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(vtable)), entry = 4 + 2 * slot;
        int offset = entry < size ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(vtable + entry)) : 0;
        return offset == 0 ? null : position + offset;
    }

    private int Follow(int at) => at + (int)U32(bytes, at);

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
