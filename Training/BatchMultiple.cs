using System.Globalization;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Sizes of dimensions for a batch of known size.</summary>
internal static class BatchMultiple
{
    /// <summary>The symbol that <see cref="InferShapes"/> gives the batch.</summary>
    private const string Batch = "batch";

    /// <summary>The size where the batch has <paramref name="batch"/> examples: <c>batch</c> is as much, <c>49*batch</c> 49 times; null of other symbols.</summary>
    public static long? SizeOf(Dimension dimension, long batch)
    {
        if (dimension.Value is not null || dimension.Symbol is not { } symbol)
            return dimension.Value;
        if (symbol == Batch)
            return batch;
        return symbol.EndsWith($"*{Batch}", StringComparison.Ordinal) && long.TryParse(symbol.AsSpan(0, symbol.IndexOf('*')), NumberStyles.None, CultureInfo.InvariantCulture, out long factor) ? factor * batch : null;
    }

    /// <summary>Bytes that a tensor takes; null where a dimension is not known.</summary>
    public static long? BytesOf(Value value, long batch)
    {
        if (value.Shape is not { } shape || value.ElementType == ElementType.Undefined)
            return null;
        long? count = 1;
        foreach (Dimension dimension in shape)
            count *= SizeOf(dimension, batch);
        return (count * value.ElementType.BitWidth() + 7) / 8;
    }
}
