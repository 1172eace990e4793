using System.Runtime.InteropServices;

namespace OnnxFineTune.Surgery;

/// <summary>
/// The elements of a half-precision tensor as float32, or of a float32 tensor as float64. They are computed when asked for, and kept only as long as memory allows: the narrow
/// ones stay in their file.
/// </summary>
internal sealed class WidenedStorage(TensorData narrow) : TensorStorage
{
    private readonly WeakReference<byte[]?> _widened = new(null);

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor)
    {
        if (_widened.TryGetTarget(out byte[]? bytes))
            return bytes;
        float[] values = narrow.ToFloats();
        bytes = tensor.ElementType == ElementType.Double ? MemoryMarshal.AsBytes<double>(Array.ConvertAll(values, v => (double)v)).ToArray() : MemoryMarshal.AsBytes<float>(values).ToArray();
        _widened.SetTarget(bytes);
        return bytes;
    }
}
