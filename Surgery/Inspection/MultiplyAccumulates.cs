using System.Globalization;

namespace OnnxFineTune.Surgery;

/// <summary>Counts the multiply-accumulate operations of a node for one example: Conv, ConvTranspose, Gemm and MatMul; other operators count 0.</summary>
internal static class MultiplyAccumulates
{
    /// <summary>The count; null where a shape that it needs is unknown.</summary>
    public static long? Of(Node node)
    {
        if (node.Domain != Model.StandardDomain)
            return 0;
        return node.OpType switch
        {
            // Each output sums C/group · kernel products; the weight is [M, C/group, kernel…].
            "Conv" => Elements(node.Output(0)) * Elements(node.Input(1), from: 1),
            // Each input is multiplied with M/group · kernel weights; the weight is [C, M/group, kernel…].
            "ConvTranspose" => Elements(node.Input(0)) * Elements(node.Input(1), from: 1),
            "Gemm" => Elements(node.Output(0)) * Size(node.Input(0)?.Shape, node.Attributes.Int("transA") != 0 ? 0 : 1),
            "MatMul" => Elements(node.Output(0)) * Size(node.Input(0)?.Shape, -1),
            _ => 0,
        };
    }

    private static long? Elements(Value? value, int from = 0)
    {
        if (value?.Shape is not { } shape)
            return null;
        long? count = 1;
        for (int i = from; i < shape.Rank; i++)
            count *= Size(shape, i);
        return count;
    }

    /// <summary>A dimension where the batch is one example: <c>batch</c> is 1, <c>49*batch</c> is 49.</summary>
    private static long? Size(Shape? shape, int axis)
    {
        if (shape is null || shape.Rank == 0)
            return null;
        Dimension dimension = shape[axis];
        if (dimension.Value is not null || dimension.Symbol is not { } symbol)
            return dimension.Value;
        int times = symbol.IndexOf('*');
        return times < 0 ? 1 : long.TryParse(symbol.AsSpan(0, times), NumberStyles.None, CultureInfo.InvariantCulture, out long factor) ? factor : null;
    }
}
