using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFineTune.Training;

/// <summary>Arrays that hold the inputs of batches, kept from moving, and the bindings that read them there.</summary>
internal sealed class BoundInputs : IDisposable
{
    private readonly ArraySegment<float>[] _places;
    private readonly GCHandle[] _pins;
    private readonly Dictionary<int, StepBinding> _bindings = [];

    /// <param name="places">One per input; the segments' starts count, not their lengths.</param>
    public BoundInputs(IEnumerable<ArraySegment<float>> places)
    {
        _places = [.. places];
        _pins = [.. _places.Select(p => GCHandle.Alloc(p.Array, GCHandleType.Pinned))];
    }

    /// <summary>Whether the inputs of a batch lie here.</summary>
    public bool Hold(Batch batch)
    {
        for (int i = 0; i < _places.Length; i++)
            if (!MemoryMarshal.TryGetArray(batch.Inputs[i], out ArraySegment<float> segment) || !StartAlike(segment, _places[i]))
                return false;
        return true;
    }

    /// <summary>The bindings of batches of <paramref name="count"/> examples.</summary>
    public StepBinding Binding(int count, BatchMemory memory)
    {
        if (!_bindings.TryGetValue(count, out StepBinding? binding))
            _bindings[count] = binding = new StepBinding(memory, this, count);
        return binding;
    }

    /// <summary>A runtime tensor over an input, owned by the caller.</summary>
    public OrtValue Tensor(int input, long[] shape) => OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape,
        Marshal.UnsafeAddrOfPinnedArrayElement(_places[input].Array!, _places[input].Offset), shape.Aggregate(1L, (a, b) => a * b) * sizeof(float));

    /// <summary>Whether two segments start at the same element of the same array.</summary>
    public static bool StartAlike(ArraySegment<float> a, ArraySegment<float> b) => a.Array is not null && ReferenceEquals(a.Array, b.Array) && a.Offset == b.Offset;

    public void Dispose()
    {
        foreach (StepBinding binding in _bindings.Values)
            binding.Dispose();
        foreach (GCHandle pin in _pins)
            pin.Free();
    }
}
