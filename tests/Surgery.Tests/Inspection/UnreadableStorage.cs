namespace OnnxFineTune.Surgery.Tests;

/// <summary>Fails when anyone reads the elements.</summary>
internal sealed class UnreadableStorage : TensorStorage
{
    public static TensorData Tensor(params long[] shape) => new(ElementType.Float, Shape.Of(shape), new UnreadableStorage());

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) => throw new InvalidOperationException($"The weights {tensor} were read.");
}
