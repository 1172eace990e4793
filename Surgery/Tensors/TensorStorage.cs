using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>Where a tensor's elements lie.</summary>
internal abstract class TensorStorage
{
    /// <summary>The message that the tensor was read from, without large elements, or null for a tensor made in memory.</summary>
    public virtual TensorProto? Proto => null;

    /// <summary>The elements as <c>raw_data</c> holds them.</summary>
    public abstract ReadOnlyMemory<byte> GetBytes(TensorData tensor);

    /// <summary>The elements in pieces, for tensors that are larger than one <see cref="ReadOnlyMemory{T}"/> can be.</summary>
    public virtual IEnumerable<ReadOnlyMemory<byte>> GetPieces(TensorData tensor) => [GetBytes(tensor)];
}

/// <summary>Elements in managed memory.</summary>
internal sealed class MemoryStorage(ReadOnlyMemory<byte> bytes) : TensorStorage
{
    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) => bytes;
}
