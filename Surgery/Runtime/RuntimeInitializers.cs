using System.Buffers;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>
/// Large initializers that ONNX Runtime is handed where they lie, in the mapped file or in managed memory; they must stay as long as the session.
/// </summary>
internal sealed unsafe class RuntimeInitializers(long threshold) : IExternalData
{
    private readonly List<string> _names = [];
    private readonly List<OrtValue> _values = [];
    private readonly List<MemoryHandle> _pins = [];

    ~RuntimeInitializers() => _pins.ForEach(p => p.Dispose());

    /// <summary>Whether there are any.</summary>
    public bool IsEmpty => _names.Count == 0;

    /// <inheritdoc/>
    public bool Takes(Graph graph, TensorData data) => graph.Outer is null && data.ByteLength >= threshold && data.ByteLength <= int.MaxValue
        && data.ElementType is not (ElementType.String or ElementType.Undefined or ElementType.Complex64 or ElementType.Complex128);

    /// <inheritdoc/>
    public void Add(TensorProto proto, TensorData data)
    {
        proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "initializers" });      // replaced below, never opened
        MemoryHandle pin = data.Bytes.Pin();
        _pins.Add(pin);
        _names.Add(proto.Name);
        _values.Add(OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, data.ElementType.ToRuntime(), data.Shape.ToArray(), (nint)pin.Pointer, data.ByteLength));
    }

    /// <summary>Session options like <paramref name="options"/> that hand the initializers over.</summary>
    public SessionOptions AddTo(SessionOptions options)
    {
        SessionOptions copy = new SessionOptionsCopy(options);
        OrtNative.AddExternalInitializers(copy, _names, _values);
        return copy;
    }

    /// <summary>Frees the runtime's views of the initializers, of which the session has its own.</summary>
    public void ReleaseViews() => _values.ForEach(v => v.Dispose());

    /// <summary>A copy, because initializers cannot be taken out of the caller's options again.</summary>
    private sealed class SessionOptionsCopy : SessionOptions
    {
        public SessionOptionsCopy(SessionOptions options)
        {
            nint copy = OrtNative.CloneSessionOptions(options);
            OrtNative.ReleaseSessionOptions(handle);
            SetHandle(copy);
        }
    }
}
