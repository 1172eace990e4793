namespace OnnxFineTune.Surgery;

/// <summary>Element type of a tensor; the numbers are those of <c>TensorProto.DataType</c> in the ONNX standard.</summary>
public enum ElementType
{
    /// <summary>Not known.</summary>
    Undefined = 0,
    /// <summary>IEEE 754 single precision.</summary>
    Float = 1,
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,
    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,
    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 4,
    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 5,
    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 6,
    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 7,
    /// <summary>UTF-8 text.</summary>
    String = 8,
    /// <summary>Boolean, one byte an element.</summary>
    Bool = 9,
    /// <summary>IEEE 754 half precision.</summary>
    Float16 = 10,
    /// <summary>IEEE 754 double precision.</summary>
    Double = 11,
    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 12,
    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 13,
    /// <summary>Two single-precision numbers.</summary>
    Complex64 = 14,
    /// <summary>Two double-precision numbers.</summary>
    Complex128 = 15,
    /// <summary>The upper half of a single-precision number.</summary>
    BFloat16 = 16,
    /// <summary>8-bit float, 4 exponent bits, finite.</summary>
    Float8E4M3FN = 17,
    /// <summary>8-bit float, 4 exponent bits, finite, no negative zero.</summary>
    Float8E4M3FNUZ = 18,
    /// <summary>8-bit float, 5 exponent bits.</summary>
    Float8E5M2 = 19,
    /// <summary>8-bit float, 5 exponent bits, finite, no negative zero.</summary>
    Float8E5M2FNUZ = 20,
    /// <summary>Unsigned 4-bit integer, two a byte.</summary>
    UInt4 = 21,
    /// <summary>Signed 4-bit integer, two a byte.</summary>
    Int4 = 22,
    /// <summary>4-bit float, two a byte.</summary>
    Float4E2M1 = 23,
    /// <summary>8-bit power of two.</summary>
    Float8E8M0 = 24,
    /// <summary>Unsigned 2-bit integer, four a byte.</summary>
    UInt2 = 25,
    /// <summary>Signed 2-bit integer, four a byte.</summary>
    Int2 = 26,
}

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    /// <summary>Bits that one element takes in <c>raw_data</c>; 0 for strings and unknown types.</summary>
    public static int BitWidth(this ElementType type) => type switch
    {
        ElementType.Complex128 => 128,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Double or ElementType.Complex64 => 64,
        ElementType.Float or ElementType.Int32 or ElementType.UInt32 => 32,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 16,
        ElementType.UInt4 or ElementType.Int4 or ElementType.Float4E2M1 => 4,
        ElementType.UInt2 or ElementType.Int2 => 2,
        ElementType.Undefined or ElementType.String => 0,
        _ => 8,
    };

    /// <summary>Whether a gradient can flow through values of this type: float16, bfloat16, float or double.</summary>
    public static bool IsFloatingPoint(this ElementType type) =>
        type is ElementType.Float or ElementType.Double or ElementType.Float16 or ElementType.BFloat16;
}
