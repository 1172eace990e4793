using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>Reads and writes single tensors as <c>TensorProto</c> files (<c>.pb</c>), the form in which ONNX test data comes.</summary>
public static class TensorFile
{
    /// <summary>Reads a tensor.</summary>
    /// <exception cref="GraphException">The file is missing or holds no tensor.</exception>
    public static TensorData Load(string path) => Load(path, out _);

    /// <summary>Reads a tensor and its name, which is empty where the file gives none.</summary>
    /// <exception cref="GraphException">The file is missing or holds no tensor.</exception>
    public static TensorData Load(string path, out string name)
    {
        try
        {
            TensorProto proto = TensorProto.Parser.ParseFrom(File.ReadAllBytes(path));
            name = proto.Name;
            return proto.HasDataType ? new TensorReader().Read(proto)
                : throw new GraphException($"'{path}' holds no tensor; expected is a TensorProto file (.pb).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            throw new GraphException($"The tensor file '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes a tensor under a name, which may be empty.</summary>
    /// <exception cref="GraphException">The file cannot be written.</exception>
    public static void Save(string path, string name, TensorData data)
    {
        try
        {
            TensorWriter writer = new();
            byte[] message = writer.Write(name, data).ToByteArray();
            IReadOnlyList<ReadOnlyMemory<byte>> pieces = WeightInserter.Insert(message, MessageKind.Tensor, writer.Elements);
            using AtomicFile file = new(path, pieces.Sum(p => (long)p.Length));
            file.Write(pieces);
            file.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GraphException($"The tensor file '{path}' cannot be written: {e.Message}", e);
        }
    }
}
