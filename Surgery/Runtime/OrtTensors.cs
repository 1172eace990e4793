using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFineTune.Surgery;

/// <summary>Moves tensors between this library and ONNX Runtime.</summary>
public static class OrtTensors
{
    /// <summary>An <see cref="OrtValue"/> with a copy of the elements, owned by the caller.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime has no tensors of the type (complex numbers).</exception>
    public static OrtValue ToOrtValue(this TensorData data)
    {
        if (data.ElementType == ElementType.String)
            return FromStrings(data);
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, data.ElementType.ToRuntime(), data.Shape.ToArray());
        ReadOnlyMemory<byte> bytes = data.Bytes;
        bytes.Span.CopyTo(RawBytes(value, data.ByteLength));
        GC.KeepAlive(bytes);
        return value;
    }

    /// <summary>A copy of a runtime tensor.</summary>
    /// <exception cref="GraphException">The value is no tensor.</exception>
    public static TensorData ToTensorData(this OrtValue value)
    {
        if (!value.IsTensor)
            throw new GraphException($"A runtime value of kind {value.OnnxType} is no tensor.");
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        if (info.ElementDataType == TensorElementType.String)
            return TensorData.FromStrings(value.GetStringTensorAsArray(), info.Shape);
        (ElementType type, Shape shape) = (info.ElementDataType.ToElementType(), Shape.Of(info.Shape));
        return TensorData.FromBytes(type, shape, RawBytes(value, TensorData.BytesOf(type, shape)).ToArray());
    }

    // Not GetTensorMutableRawData: it refuses the 2-, 4- and 8-bit float types.
    private static unsafe Span<byte> RawBytes(OrtValue value, long length) => new(OrtNative.GetTensorData(value), checked((int)length));

    private static OrtValue FromStrings(TensorData data)
    {
        OrtValue value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, data.Shape.ToArray());
        string[] texts = data.ToStrings();
        for (int i = 0; i < texts.Length; i++)
            value.StringTensorSetElementAt(texts[i], i);
        return value;
    }
}
