namespace OnnxFineTune.Surgery;

/// <summary>The tensor that a <c>Constant</c> node holds, in whichever of its attributes.</summary>
internal static class ConstantValue
{
    /// <summary>The tensor; null for text and sparse tensors, which stay nodes.</summary>
    public static TensorData? Of(Node constant)
    {
        NodeAttributes attributes = constant.Attributes;
        if (attributes.Tensor("value") is { } tensor)
            return tensor;
        if (attributes["value_float"]?.Content is float number)
            return TensorData.Scalar(number);
        if (attributes.Floats("value_floats") is { } numbers)
            return TensorData.FromFloats(numbers, numbers.Length);
        if (attributes["value_int"]?.Content is long integer)
            return TensorData.Scalar(integer);
        return attributes.Ints("value_ints") is { } integers ? TensorData.Vector(integers) : null;
    }
}
