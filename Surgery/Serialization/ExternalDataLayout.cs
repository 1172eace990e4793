using System.Globalization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Lays out the elements of initializers in an external data file.</summary>
/// <param name="fileName">Name of the file, which lies beside the model.</param>
/// <param name="threshold">Tensors of fewer bytes stay in the model.</param>
internal sealed class ExternalDataLayout(string fileName, long threshold) : IExternalData
{
    // What the standard asks for, so that a runtime can map large tensors: the allocation granularity of Windows.
    private const long MappingAlignment = 65536, ElementAlignment = 64, MappedFrom = 1 << 20;

    private readonly List<(long Offset, TensorData Data)> _tensors = [];

    /// <summary>Name of the file, which lies beside the model.</summary>
    public string FileName => fileName;

    /// <summary>Bytes of the file.</summary>
    public long Length { get; private set; }

    /// <summary>The content of the file.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces
    {
        get
        {
            byte[] padding = new byte[MappingAlignment];
            long position = 0;
            foreach ((long offset, TensorData data) in _tensors)
            {
                yield return padding.AsMemory(0, (int)(offset - position));
                foreach (ReadOnlyMemory<byte> piece in data.Storage.GetPieces(data))
                    yield return piece;
                position = offset + data.ByteLength;
            }
        }
    }

    /// <inheritdoc/>
    public bool Takes(Graph graph, TensorData data) => data.ElementType != ElementType.String && data.ByteLength >= Math.Max(threshold, 1);

    /// <inheritdoc/>
    public void Add(TensorProto proto, TensorData data)
    {
        long alignment = data.ByteLength >= MappedFrom ? MappingAlignment : ElementAlignment;
        long offset = (Length + alignment - 1) / alignment * alignment;
        _tensors.Add((offset, data));
        Length = offset + data.ByteLength;
        Note(proto, "location", fileName);
        Note(proto, "offset", offset.ToString(CultureInfo.InvariantCulture));
        Note(proto, "length", data.ByteLength.ToString(CultureInfo.InvariantCulture));
    }

    private static void Note(TensorProto proto, string key, string value) => proto.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
}
