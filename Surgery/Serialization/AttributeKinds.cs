using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>The kind of attributes, also where very old files do not state it.</summary>
internal static class AttributeKinds
{
    /// <summary>The kind that is stated, or else that of the field that is set.</summary>
    public static AttributeKind Of(AttributeProto proto) =>
        proto.Type != AttributeProto.Types.AttributeType.Undefined ? (AttributeKind)proto.Type
        : proto.HasF ? AttributeKind.Float
        : proto.HasI ? AttributeKind.Int
        : proto.HasS ? AttributeKind.String
        : proto.T is not null ? AttributeKind.Tensor
        : proto.G is not null ? AttributeKind.Graph
        : proto.Floats.Count > 0 ? AttributeKind.Floats
        : proto.Ints.Count > 0 ? AttributeKind.Ints
        : proto.Strings.Count > 0 ? AttributeKind.Strings
        : proto.Tensors.Count > 0 ? AttributeKind.Tensors
        : proto.Graphs.Count > 0 ? AttributeKind.Graphs
        : proto.SparseTensor is not null ? AttributeKind.SparseTensor
        : proto.SparseTensors.Count > 0 ? AttributeKind.SparseTensors
        : proto.Tp is not null ? AttributeKind.TypeProto
        : proto.TypeProtos.Count > 0 ? AttributeKind.TypeProtos
        : AttributeKind.Undefined;
}
