using Google.Protobuf;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>A model ready to be written: pieces in wire format, of which the elements of large tensors are not copies.</summary>
/// <param name="Pieces">The content of the model file.</param>
/// <param name="Length">Bytes of the model file.</param>
internal sealed record SerializedModel(IReadOnlyList<ReadOnlyMemory<byte>> Pieces, long Length)
{
    /// <summary>Serializes the model as it is now.</summary>
    /// <param name="model">The model.</param>
    /// <param name="external">Where the elements of large initializers go; null to keep them in the model.</param>
    public static SerializedModel Of(Model model, IExternalData? external = null)
    {
        TensorWriter tensors = new(external);
        byte[] message = new ProtoWriter(tensors).Write(model).ToByteArray();
        IReadOnlyList<ReadOnlyMemory<byte>> pieces = WeightInserter.Insert(message, MessageKind.Model, tensors.Elements);
        return new SerializedModel(pieces, pieces.Sum(p => (long)p.Length));
    }

    /// <summary>The model in one array.</summary>
    public byte[] ToArray()
    {
        if (Length > Array.MaxLength)
            throw new GraphException($"The model takes {Length} bytes, more than an array can hold; save it to a file, where the weights go to an external data file.");
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Length);
        int position = 0;
        foreach (ReadOnlyMemory<byte> piece in Pieces)
        {
            piece.Span.CopyTo(bytes.AsSpan(position));
            position += piece.Length;
        }
        return bytes;
    }
}
