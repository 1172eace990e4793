using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFineTune.Surgery;

/// <summary>Moves tensors between this library and ONNX Runtime.</summary>
public static class OrtTensors
{
    /// <summary>An <see cref="OrtValue"/> with a copy of the elements, owned by the caller.</summary>
    /// <exception cref="GraphException">The tensor holds strings.</exception>
    public static OrtValue ToOrtValue(this TensorData data)
    {
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)data.ElementType, data.Shape.ToArray());
        data.Bytes.Span.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    /// <summary>A copy of a runtime tensor.</summary>
    public static TensorData ToTensorData(this OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        ElementType type = (ElementType)info.ElementDataType;
        return TensorData.FromBytes(type, Shape.Of(info.Shape), value.GetTensorMutableRawData().ToArray());
    }
}
