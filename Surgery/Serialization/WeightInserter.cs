using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// Puts the elements of tensors in place of their placeholders: the reverse of <see cref="WeightSkipper"/>. The result is a list of
/// pieces that are written one after the other, so that elements are copied only once, to where the message goes.
/// </summary>
internal sealed class WeightInserter
{
    private readonly ReadOnlyMemory<byte> _message;
    private readonly Func<ElementsPlaceholder, IEnumerable<ReadOnlyMemory<byte>>> _elements;
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    private WeightInserter(ReadOnlyMemory<byte> message, Func<ElementsPlaceholder, IEnumerable<ReadOnlyMemory<byte>>> elements)
    {
        _message = message;
        _elements = elements;
    }

    /// <summary>The pieces of the whole message.</summary>
    /// <param name="message">A message with placeholders.</param>
    /// <param name="kind">What the message is.</param>
    /// <param name="elements">The bytes that a placeholder stands for.</param>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Insert(
        ReadOnlyMemory<byte> message, MessageKind kind, Func<ElementsPlaceholder, IEnumerable<ReadOnlyMemory<byte>>> elements)
    {
        WeightInserter inserter = new(message, elements);
        inserter.Expand(0, message.Length, kind);
        return inserter._pieces;
    }

    /// <summary>Adds the pieces of a message.</summary>
    /// <returns>Its length with all elements.</returns>
    private long Expand(int start, int length, MessageKind kind)
    {
        ReadOnlyMemory<byte> message = _message.Slice(start, length);
        if (kind == MessageKind.Tensor)
            return ExpandTensor(message);
        long total = 0;
        int copied = 0;
        WireReader reader = new(message.Span);
        while (reader.Next())
        {
            MessageKind child = MessageKinds.Child(kind, reader.Field);
            if (child == MessageKind.Other || reader.WireType != WireReader.Bytes)
                continue;
            int mark = _pieces.Count;
            _pieces.Add(message[copied..reader.FieldStart]);
            _pieces.Add(default);       // tag and length, when the length is known
            long childLength = Expand(start + reader.ContentStart, reader.ContentLength, child);
            if (_pieces.Count == mark + 3)       // nothing inserted: leave it in the run
            {
                _pieces.RemoveRange(mark, 3);
                continue;
            }
            _pieces[mark + 1] = Head(reader.Field, childLength);
            total += _pieces[mark].Length + _pieces[mark + 1].Length + childLength;
            copied = reader.Position;
        }
        return total + Add(message[copied..]);
    }

    /// <summary>Adds the pieces of a tensor, its elements where the order of fields, which writers keep to, has them.</summary>
    private long ExpandTensor(ReadOnlyMemory<byte> tensor)
    {
        (ElementsPlaceholder? placeholder, int start, int end) = FindPlaceholder(tensor.Span);
        if (placeholder is null)
            return Add(tensor);
        int at = start;
        WireReader reader = new(tensor.Span);
        while (at == start && reader.Next())
            if (reader.Field > placeholder.Field)
                at = reader.FieldStart;
        return Add(tensor[..at]) + AddElements(placeholder) + Add(tensor[at..start]) + Add(tensor[end..]);
    }

    private static (ElementsPlaceholder? Placeholder, int Start, int End) FindPlaceholder(ReadOnlySpan<byte> tensor)
    {
        WireReader reader = new(tensor);
        while (reader.Next())
            if (reader.Field == MessageKinds.Placeholder)
                return (ElementsPlaceholder.Parser.ParseFrom(reader.Content), reader.FieldStart, reader.Position);
        return default;
    }

    private long AddElements(ElementsPlaceholder placeholder)
    {
        ReadOnlyMemory<byte>[] elements = [.. _elements(placeholder)];
        long length = elements.Sum(e => (long)e.Length);
        long head = Add(Head(placeholder.Field, length));
        _pieces.AddRange(elements);
        return head + length;
    }

    private long Add(ReadOnlyMemory<byte> piece)
    {
        _pieces.Add(piece);
        return piece.Length;
    }

    /// <summary>Tag and length of a field of bytes.</summary>
    private static ReadOnlyMemory<byte> Head(int field, long length)
    {
        byte[] head = new byte[20];
        int count = 0;
        for (ulong tag = (ulong)field << 3 | WireReader.Bytes; ; tag >>= 7)
        {
            head[count++] = (byte)(tag & 0x7f | (tag > 0x7f ? 0x80u : 0));
            if (tag <= 0x7f)
                break;
        }
        for (ulong rest = (ulong)length; ; rest >>= 7)
        {
            head[count++] = (byte)(rest & 0x7f | (rest > 0x7f ? 0x80u : 0));
            if (rest <= 0x7f)
                return head.AsMemory(0, count);
        }
    }
}
