using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Reads an ONNX file.</summary>
    public static Model Load(string path) => Parse(File.ReadAllBytes(path));

    /// <summary>Reads an ONNX model from memory.</summary>
    public static Model Parse(ReadOnlyMemory<byte> bytes) => new ProtoReader(new TensorReader()).Read(ModelProto.Parser.ParseFrom(bytes.Span));

    /// <summary>Writes an ONNX file.</summary>
    public void Save(string path) => File.WriteAllBytes(path, ToBytes());

    /// <summary>The model as an ONNX file in memory.</summary>
    public byte[] ToBytes() => new ProtoWriter(new TensorWriter()).Write(this).ToByteArray();
}
