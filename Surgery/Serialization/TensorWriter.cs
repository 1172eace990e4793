using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Turns <see cref="TensorData"/> into a <see cref="TensorProto"/> without copying the elements.</summary>
internal sealed class TensorWriter
{
    public TensorProto Write(string name, TensorData data)
    {
        TensorProto proto = (data.Storage as ProtoStorage)?.Proto.Clone() ?? new TensorProto
        {
            Dims = { data.Shape.ToArray() },
            DataType = (int)data.ElementType,
            RawData = UnsafeByteOperations.UnsafeWrap(data.Bytes),
        };
        if (name.Length > 0)
            proto.Name = name;
        return proto;
    }
}
