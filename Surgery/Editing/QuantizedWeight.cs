namespace OnnxFineTune.Surgery;

/// <summary>Tells which integer initializers are weights: all that reads them makes them real numbers by the same constant scale and zero point.</summary>
internal static class QuantizedWeight
{
    /// <summary>By operator, the inputs at which it reads quantized weights, each with the places of scale and zero point; −1 where the scale is that of both factors.</summary>
    private static readonly Dictionary<string, (int Weight, int Scale, int ZeroPoint)[]> Readers = new()
    {
        ["DequantizeLinear"] = [(0, 1, 2)],
        ["QLinearConv"] = [(3, 4, 5), (8, -1, -1)],
        ["QLinearMatMul"] = [(0, 1, 2), (3, 4, 5)],
        ["QLinearAdd"] = [(0, 1, 2), (3, 4, 5)],
        ["QLinearMul"] = [(0, 1, 2), (3, 4, 5)],
        ["QGemm"] = [(3, 4, 5), (6, -1, -1)],
        ["DynamicQuantizeMatMul"] = [(1, 2, 3)],
        ["MatMulIntegerToFloat"] = [(1, 3, 5)],
        ["QAttention"] = [(1, 4, 7)],
    };

    /// <summary>Whether the initializer is a quantized weight of rank 1 or more.</summary>
    public static bool Is(Value value) => value is { Data: { Shape.Rank: > 0 } data, IsOutput: false } && IsQuantized(data.ElementType) && value.Uses.Count > 0
        && value.Uses.All(u => u.Node.Graph == value.Graph && IsRead(u)) && value.Uses.All(u => IsAlike(value.Uses[0], u));

    /// <summary>Whether the node is a DequantizeLinear of either domain.</summary>
    public static bool IsDequantize(Node node) => node.OpType == "DequantizeLinear" && node.Domain == Model.StandardDomain;

    private static bool IsQuantized(ElementType type) => type is ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16 or ElementType.Int32 or ElementType.Int4 or ElementType.UInt4;

    private static bool IsRead(Use use) => Places(use) is { } places && Scales(use.Node, places).All(s => s is null || s.ConstantContent() is not null)
        && Scales(use.Node, places).First()!.ElementType == ElementType.Float;

    private static (int Weight, int Scale, int ZeroPoint)? Places(Use use) =>
        use.Node.Domain is Model.StandardDomain or RuntimeDomain.Name && Readers.TryGetValue(use.Node.OpType, out (int Weight, int Scale, int ZeroPoint)[]? readers) && Array.Exists(readers, r => r.Weight == use.Index)
            ? Array.Find(readers, r => r.Weight == use.Index) : null;

    private static Value?[] Scales(Node node, (int Weight, int Scale, int ZeroPoint) places) =>
        places.Scale < 0 ? [node.Inputs[1], node.Inputs[4]] : [node.Inputs[places.Scale], node.Input(places.ZeroPoint)];

    /// <summary>Whether two uses make the same numbers of the weight.</summary>
    private static bool IsAlike(Use one, Use other) => one.Node == other.Node ? one.Index == other.Index
        : one.Node.OpType == other.Node.OpType && one.Index == other.Index && Scales(one.Node, Places(one)!.Value).SequenceEqual(Scales(other.Node, Places(other)!.Value))
        && one.Node.Attributes.Int("axis", 1) == other.Node.Attributes.Int("axis", 1) && one.Node.Attributes.Int("block_size") == other.Node.Attributes.Int("block_size");
}
