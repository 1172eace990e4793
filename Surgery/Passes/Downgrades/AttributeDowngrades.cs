namespace OnnxFineTune.Surgery;

/// <summary>Steps of operators that got an attribute: it goes where it says what held before.</summary>
internal static class AttributeDowngrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetDowngrade> Steps = new Dictionary<(string, int), OpsetDowngrade>
    {
        [("QuantizeLinear", 23)] = Quantize,
        [("DequantizeLinear", 23)] = Dequantize,
        [("Cast", 24)] = Rounding,
        [("CastLike", 24)] = Rounding,
    };

    /// <summary>The division was done in the type of data and scale, which had to be the same.</summary>
    private static string? Quantize(Node n, GraphBuilder b)
    {
        (ElementType x, ElementType scale) = (TypeOf(n, 0), TypeOf(n, 1));
        ElementType precision = (ElementType)n.Attributes.Int("precision");
        if (precision != ElementType.Undefined && precision != scale)
            return $"it divides in {precision} while its scale is {scale}";
        if (x != scale && x != ElementType.Int32)
            return $"its data are {x} and its scale is {scale}, which had to be of one type";
        n.Attributes.Remove("precision");
        return null;
    }

    /// <summary>The result had the type of the scale; another is a cast behind it.</summary>
    private static string? Dequantize(Node n, GraphBuilder b)
    {
        ElementType scale = TypeOf(n, 1), type = (ElementType)n.Attributes.Int("output_dtype");
        n.Attributes.Remove("output_dtype");
        if (type != ElementType.Undefined && type != scale)
        {
            n.RewriteOutput(0, b, y => b.Op("Cast", [y], ("to", type)));
            (n.Outputs[0]!.ElementType, n.Outputs[0]!.Uses[0].Node.Outputs[0]!.ElementType) = (scale, type);
        }
        return null;
    }

    /// <summary>The rounding is that of casts to Float8E8M0, a type which came with the attribute.</summary>
    private static string? Rounding(Node n, GraphBuilder b)
    {
        n.Attributes.Remove("round_mode");
        return null;
    }

    private static ElementType TypeOf(Node n, int input) => n.Input(input)?.ElementType ?? ElementType.Undefined;
}
