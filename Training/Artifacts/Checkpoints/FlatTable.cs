using Google.FlatBuffers;

namespace OnnxFineTune.Training;

/// <summary>A table of a FlatBuffers file that has been verified; fields go by slot.</summary>
internal readonly struct FlatTable
{
    private readonly Table _table;

    /// <summary>The table at a position of the buffer.</summary>
    public FlatTable(ByteBuffer buffer, int position) => _table = new Table(position, buffer);

    /// <summary>The file's root.</summary>
    public static FlatTable Root(ByteBuffer buffer) => new(buffer, buffer.Position + buffer.GetInt(buffer.Position));

    /// <summary>A 32-bit integer, or its default.</summary>
    public int Int(int slot, int fallback = 0) => At(slot) is int position ? _table.bb.GetInt(position) : fallback;

    /// <summary>A 64-bit integer, or its default.</summary>
    public long Long(int slot, long fallback = 0) => At(slot) is int position ? _table.bb.GetLong(position) : fallback;

    /// <summary>A number, or 0.</summary>
    public float Float(int slot) => At(slot) is int position ? _table.bb.GetFloat(position) : 0;

    /// <summary>A flag, or false.</summary>
    public bool Bool(int slot) => At(slot) is int position && _table.bb.Get(position) != 0;

    /// <summary>A text, empty where it is absent.</summary>
    public string Text(int slot) => At(slot) is int position ? _table.__string(position) : "";

    /// <summary>A table, or null.</summary>
    public FlatTable? Child(int slot) => At(slot) is int position ? new FlatTable(_table.bb, _table.__indirect(position)) : null;

    /// <summary>A vector's tables; none where it is absent.</summary>
    public IEnumerable<FlatTable> Children(int slot)
    {
        (int start, int length) = Vector(slot);
        Table table = _table;
        return Enumerable.Range(0, length).Select(i => new FlatTable(table.bb, table.__indirect(start + i * sizeof(int))));
    }

    /// <summary>A vector's texts; none where it is absent.</summary>
    public string[] Texts(int slot)
    {
        (int start, int length) = Vector(slot);
        Table table = _table;
        return [.. Enumerable.Range(0, length).Select(i => table.__string(start + i * sizeof(int)))];
    }

    /// <summary>A vector's 64-bit integers; none where it is absent.</summary>
    public long[] Longs(int slot)
    {
        (int start, int length) = Vector(slot);
        Table table = _table;
        return [.. Enumerable.Range(0, length).Select(i => table.bb.GetLong(start + i * sizeof(long)))];
    }

    /// <summary>Start and number of a vector's elements.</summary>
    public (int Start, int Length) Vector(int slot)
    {
        int offset = Offset(slot);
        return offset == 0 ? (0, 0) : (_table.__vector(offset), _table.__vector_len(offset));
    }

    /// <summary>Where a slot lies within its table's list of fields.</summary>
    public static int VTableOffset(int slot) => 4 + 2 * slot;

    private int? At(int slot) => Offset(slot) is int offset and not 0 ? _table.bb_pos + offset : null;

    /// <summary>Where a field lies within the table, 0 where it is absent. Unsigned, as the format says and unlike <see cref="Table"/>.</summary>
    private int Offset(int slot)
    {
        int list = _table.bb_pos - _table.bb.GetInt(_table.bb_pos), entry = VTableOffset(slot);
        return entry < _table.bb.GetUshort(list) ? _table.bb.GetUshort(list + entry) : 0;
    }
}
