using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>Elements in an external data file.</summary>
/// <param name="proto">The message that refers to the file.</param>
/// <param name="file">The file, mapped; null for a tensor without elements.</param>
/// <param name="offset">Where in the file the elements start.</param>
internal sealed class ExternalStorage(TensorProto proto, MappedFile? file, long offset) : TensorStorage
{
    private const int PieceLength = 1 << 30;

    public override TensorProto Proto => proto;

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) =>
        file is null ? ReadOnlyMemory<byte>.Empty
        : tensor.ByteLength <= int.MaxValue ? file.Slice(offset, (int)tensor.ByteLength)
        : throw new GraphException($"The tensor '{proto.Name}' takes {tensor.ByteLength} bytes; more than {int.MaxValue} cannot be read at once.");

    public override IEnumerable<ReadOnlyMemory<byte>> GetPieces(TensorData tensor)
    {
        for (long done = 0; done < tensor.ByteLength; done += PieceLength)
            yield return file!.Slice(offset + done, (int)Math.Min(PieceLength, tensor.ByteLength - done));
    }
}
