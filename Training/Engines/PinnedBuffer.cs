using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFineTune.Training;

/// <summary>Memory that never moves and starts on a cache line, so that runtime tensors can lie over it for as long as it lives.</summary>
internal sealed class PinnedBuffer<T> where T : unmanaged
{
    private const int CacheLine = 64;
    private readonly T[] _array;
    private readonly int _offset;

    /// <summary>A buffer of zeros.</summary>
    public unsafe PinnedBuffer(int length)
    {
        Length = length;
        _array = GC.AllocateArray<T>(length + CacheLine / sizeof(T), pinned: true);
        long misaligned = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0) % CacheLine;
        _offset = misaligned == 0 ? 0 : (int)((CacheLine - misaligned) / sizeof(T));
    }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>The elements.</summary>
    public Span<T> Span => _array.AsSpan(_offset, Length);

    /// <summary>The elements, as a part of the array that holds them.</summary>
    public ArraySegment<T> Segment => new(_array, _offset, Length);

    /// <summary>The first elements.</summary>
    public Memory<T> First(int count) => _array.AsMemory(_offset, count);

    /// <summary>A runtime tensor over part of the buffer, owned by the caller, who keeps the buffer alive.</summary>
    public unsafe OrtValue Tensor(ReadOnlySpan<long> shape, int start = 0)
    {
        long count = 1;
        foreach (long size in shape)
            count *= size;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Length);
        TensorElementType type = typeof(T) == typeof(long) ? TensorElementType.Int64 : TensorElementType.Float;
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape.ToArray(),
            Marshal.UnsafeAddrOfPinnedArrayElement(_array, _offset + start), count * sizeof(T));
    }
}
