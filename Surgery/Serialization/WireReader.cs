namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Steps over the fields of a protobuf message without decoding them.</summary>
/// <remarks>Wire format: protobuf.dev/programming-guides/encoding.</remarks>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    public const int Varint = 0, Fixed64 = 1, Bytes = 2, StartGroup = 3, EndGroup = 4, Fixed32 = 5;

    private const int DeepestGroup = 100;      // protobuf's own limit

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Where the present field starts.</summary>
    public int FieldStart { get; private set; }

    /// <summary>Where the content of the present field starts, behind tag and length.</summary>
    public int ContentStart { get; private set; }

    /// <summary>Behind the present field.</summary>
    public int Position { get; private set; }

    /// <summary>Number of the present field.</summary>
    public int Field { get; private set; }

    /// <summary>How the present field is encoded.</summary>
    public int WireType { get; private set; }

    /// <summary>Bytes of the present field's content.</summary>
    public readonly int ContentLength => Position - ContentStart;

    /// <summary>The content of the present field.</summary>
    public readonly ReadOnlySpan<byte> Content => _bytes[ContentStart..Position];

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="InvalidDataException">The bytes are no protobuf message, or are cut off.</exception>
    public bool Next()
    {
        if (Position >= _bytes.Length)
            return false;
        FieldStart = Position;
        ReadTag();
        if (WireType == EndGroup)
            throw new InvalidDataException($"a group ends at byte {FieldStart} that never began");
        SkipContent(0);
        return true;
    }

    /// <summary>The content of a varint field.</summary>
    public static ulong ReadVarint(ReadOnlySpan<byte> content) => new WireReader(content).ReadVarint();

    private void ReadTag()
    {
        ulong tag = ReadVarint();
        Field = (int)(tag >> 3);
        WireType = (int)(tag & 7);
        if (tag > uint.MaxValue || Field == 0)
            throw new InvalidDataException($"there is no valid field at byte {FieldStart}");
    }

    private void SkipContent(int depth)
    {
        ContentStart = Position;
        switch (WireType)
        {
            case Varint: ReadVarint(); break;
            case Fixed64: Advance(8); break;
            case Fixed32: Advance(4); break;
            case Bytes:
                ulong length = ReadVarint();
                ContentStart = Position;
                Advance(length);
                break;
            case StartGroup when depth < DeepestGroup: SkipGroup(depth); break;
            default: throw new InvalidDataException($"the field at byte {FieldStart} is of no known encoding");
        }
    }

    private void SkipGroup(int depth)
    {
        (int field, int content) = (Field, ContentStart);
        for (ReadTag(); WireType != EndGroup; ReadTag())
            SkipContent(depth + 1);
        if (Field != field)
            throw new InvalidDataException($"the group at byte {FieldStart} is not closed");
        (WireType, ContentStart) = (StartGroup, content);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (Position >= _bytes.Length)
                throw CutOff(1);
            byte next = _bytes[Position++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException($"there is no valid number at byte {Position}");
    }

    private void Advance(ulong length)
    {
        if (length > (ulong)(_bytes.Length - Position))
            throw CutOff(length);
        Position += (int)length;
    }

    private readonly InvalidDataException CutOff(ulong length) =>
        new($"the field at byte {FieldStart} needs {length} bytes from byte {Position} on, and {_bytes.Length - Position} are there");
}
