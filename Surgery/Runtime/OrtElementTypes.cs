using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxFineTune.Surgery;

/// <summary>Element types as ONNX Runtime numbers them: as the standard does, but for the three that it took up last.</summary>
internal static class OrtElementTypes
{
    private const TensorElementType UInt2 = (TensorElementType)24, Int2 = (TensorElementType)25, Float8E8M0 = (TensorElementType)26;

    public static TensorElementType ToRuntime(this ElementType type) => type switch
    {
        ElementType.UInt2 => UInt2,
        ElementType.Int2 => Int2,
        ElementType.Float8E8M0 => Float8E8M0,
        _ => (TensorElementType)type,
    };

    public static ElementType ToElementType(this TensorElementType type) => type switch
    {
        UInt2 => ElementType.UInt2,
        Int2 => ElementType.Int2,
        Float8E8M0 => ElementType.Float8E8M0,
        _ => (ElementType)type,
    };
}
