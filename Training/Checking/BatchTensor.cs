using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Brings a tensor that a caller gives to the type that a value of the graph has, and compares the shapes.</summary>
internal static class BatchTensor
{
    /// <summary>The tensor, converted where that loses nothing that counts: between floating-point types, and between integer types.</summary>
    /// <param name="data">As given.</param>
    /// <param name="value">What is to be fed.</param>
    /// <param name="what">What the tensor is, to begin a sentence.</param>
    /// <exception cref="TrainingException">Type or shape does not fit.</exception>
    public static TensorData Fitting(TensorData data, Value value, string what)
    {
        if (value.Shape is { } shape && !Fits(data.Shape, shape))
            throw new TrainingException($"{what} is {data}, but the model takes {value.ElementType} {shape}; give a tensor of that shape.");
        return Converted(data, value.ElementType)
            ?? throw new TrainingException($"{what} is {data}, but the model takes {value.ElementType} {value.Shape}; give a tensor of that type.");
    }

    private static bool Fits(Shape given, Shape taken) =>
        given.Rank == taken.Rank && given.Zip(taken).All(d => d.Second.Value is not { } size || d.First.Value == size);

    private static TensorData? Converted(TensorData data, ElementType type)
    {
        if (data.ElementType == type)
            return data;
        if (data.ElementType.IsFloatingPoint() && type == ElementType.Float)
            return TensorData.FromFloats(data.ToFloats(), data.Shape.ToArray());
        if (!IsInteger(data.ElementType) || !IsInteger(type))
            return null;
        long[] numbers = data.ToLongs();
        return type == ElementType.Int64 ? TensorData.FromLongs(numbers, data.Shape.ToArray())
            : TensorData.FromBytes(type, data.Shape, MemoryMarshal.AsBytes<int>(Array.ConvertAll(numbers, n => checked((int)n))).ToArray());
    }

    private static bool IsInteger(ElementType type) => type is ElementType.Int64 or ElementType.Int32;
}
