namespace OnnxFineTune.Surgery.Tests;

/// <summary>Elements that must not be read.</summary>
internal sealed class UnreadableStorage : TensorStorage
{
    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) => throw new InvalidOperationException($"The weight {tensor} was read.");
}
