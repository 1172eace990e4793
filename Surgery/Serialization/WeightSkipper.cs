using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// Makes a copy of a serialized message in which the elements of large tensors are replaced by a note of where they lie, so that
/// parsing the copy reads no weights.
/// </summary>
internal sealed class WeightSkipper
{
    /// <summary>Elements of fewer bytes are copied.</summary>
    public const int Threshold = 1024;

    private const int PaddedLength = 5;         // a varint of fixed size, so that it can be filled in afterwards
    private const int DeepestMessage = 100;     // protobuf's own limit

    private readonly ReadOnlyMemory<byte> _source;
    private readonly MemoryStream _result = new();

    private WeightSkipper(ReadOnlyMemory<byte> source) => _source = source;

    /// <summary>The copy of a <c>ModelProto</c>.</summary>
    /// <exception cref="InvalidDataException">The bytes are no protobuf message, or are cut off.</exception>
    public static ReadOnlySpan<byte> Skip(ReadOnlyMemory<byte> source)
    {
        WeightSkipper skipper = new(source);
        skipper.Copy(0, source.Length, MessageKind.Model, 0);
        return skipper._result.GetBuffer().AsSpan(0, (int)skipper._result.Length);
    }

    private void Copy(int start, int length, MessageKind kind, int depth)
    {
        if (depth > DeepestMessage)
            throw new InvalidDataException($"messages are nested more than {DeepestMessage} deep");
        ReadOnlySpan<byte> message = _source.Span.Slice(start, length);
        int elements = kind == MessageKind.Tensor ? FindElements(message) : 0;
        int copied = 0;
        WireReader reader = new(message);
        while (reader.Next())
        {
            // What is short cannot hold large elements, and is copied together with its neighbours.
            if (reader.WireType != WireReader.Bytes || reader.ContentLength < Threshold)
                continue;
            MessageKind child = MessageKinds.Child(kind, reader.Field);
            bool isElements = elements != 0 && reader.Field == elements;
            if (child == MessageKind.Other && !isElements)
                continue;
            _result.Write(message[copied..(isElements ? reader.FieldStart : reader.ContentStart)]);
            if (isElements)
                WritePlaceholder(reader.Field, start + reader.ContentStart, reader.ContentLength);
            else
                CopyChild(message[reader.FieldStart..reader.ContentStart], start + reader.ContentStart, reader.ContentLength, child, depth);
            copied = reader.Position;
        }
        _result.Write(message[copied..]);
    }

    /// <summary>Writes the child behind its tag, with a length that is filled in afterwards.</summary>
    private void CopyChild(ReadOnlySpan<byte> head, int start, int length, MessageKind kind, int depth)
    {
        int tagLength = 1;
        while (head[tagLength - 1] >= 0x80)
            tagLength++;
        _result.Position -= head.Length - tagLength;
        _result.SetLength(_result.Position);
        int at = (int)_result.Position;
        _result.Write(stackalloc byte[PaddedLength]);
        Copy(start, length, kind, depth + 1);
        uint size = (uint)(_result.Position - at - PaddedLength);
        Span<byte> buffer = _result.GetBuffer().AsSpan(at, PaddedLength);
        for (int i = 0; i < PaddedLength; i++)
            buffer[i] = (byte)(size >> (7 * i) & 0x7f | (i < PaddedLength - 1 ? 0x80u : 0));
    }

    /// <summary>The one field of a tensor that holds large elements, or 0. A field that occurs twice is left to the parser to merge.</summary>
    private static int FindElements(ReadOnlySpan<byte> tensor)
    {
        int found = 0;
        WireReader reader = new(tensor);
        while (reader.Next())
        {
            if (!MessageKinds.HoldsElements(reader.Field))
                continue;
            if (found != 0)
                return 0;
            found = reader.WireType == WireReader.Bytes && reader.ContentLength >= Threshold ? reader.Field : -1;
        }
        return Math.Max(found, 0);
    }

    private void WritePlaceholder(int field, int offset, int length)
    {
        TensorProto placeholder = new() { Placeholder = new ElementsPlaceholder { Field = field, Offset = offset, Length = length } };
        _result.Write(placeholder.ToByteArray());
    }
}
