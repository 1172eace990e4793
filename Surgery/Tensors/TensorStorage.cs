namespace OnnxFineTune.Surgery;

/// <summary>Where a tensor's elements lie.</summary>
internal abstract class TensorStorage
{
    /// <summary>The elements as <c>raw_data</c> holds them.</summary>
    public abstract ReadOnlyMemory<byte> GetBytes(TensorData tensor);
}

/// <summary>Elements in managed memory.</summary>
internal sealed class MemoryStorage(ReadOnlyMemory<byte> bytes) : TensorStorage
{
    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) => bytes;
}
