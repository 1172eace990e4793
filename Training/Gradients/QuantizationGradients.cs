using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Straight-through gradients of quantization (Bengio et al., arXiv:1308.3432): rounding counts as the identity, and what is cut off at the ends of the
/// range gets nothing. A quantized tensor carries the gradient of its elements, taken as real numbers, in floating point.
/// </summary>
/// <remarks>A scale that both quantizes and restores gets the gradient of learned step sizes (Esser et al., arXiv:1902.08153).</remarks>
internal static class QuantizationGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "QuantizeLinear", GradientRule.From(Quantize, quantizes: true, limit: "a trained scale needs a fixed number of channels") },
        { "DequantizeLinear", Dequantize, "a trained scale needs a fixed number of channels", [0, 1] },
        { "DynamicQuantizeLinear", GradientRule.From(DynamicQuantize, takesAllOutputs: true, quantizes: true) },
    };

    /// <summary>q = x/scale + zero point: dx = dq/scale and dscale = −Σ dq·x/scale², inside the range.</summary>
    private static IReadOnlyList<Value?> Quantize(GraphBuilder op, ForwardNode n, Value g)
    {
        QuantizationScale scale = new(op, n);
        Value ratio = op.Div(n.X, scale.Repeated);
        Value passed = op.Div(op.Mul(g, Inside(op, n, ratio, g)), scale.Repeated);
        return [n.Needs(0) ? passed : null, n.Needs(1) ? op.Neg(scale.Sum(op.Mul(passed, ratio))) : null];
    }

    /// <summary>1 where the rounded value lies in the range of the quantized type, at its ends too, else 0.</summary>
    private static Value Inside(GraphBuilder op, ForwardNode n, Value ratio, Value g)
    {
        (double low, double high) = Range(n.Y.ElementType);
        if (IsFloat8(n.Y.ElementType))
            return op.CastLike(op.LessOrEqual(op.Abs(ratio), op.Scalar(high, ratio)), g);
        Value rounded = op.Op("Round", [ratio]);
        if (n.Input(2) is { } zeroPoint)
            rounded = op.Add(rounded, new QuantizationScale(op, n).Laid(Real(op, zeroPoint, rounded)));
        return op.CastLike(op.Equal(rounded, op.Clip(rounded, op.Scalar(low, rounded), op.Scalar(high, rounded))), g);
    }

    /// <summary>x = (q − zero point)·scale: dq = dx·scale and dscale = Σ dx·(q − zero point).</summary>
    private static IReadOnlyList<Value?> Dequantize(GraphBuilder op, ForwardNode n, Value g)
    {
        QuantizationScale scale = new(op, n);
        return [n.Needs(0) ? op.Mul(g, scale.Repeated) : null, n.Needs(1) ? scale.Sum(op.Mul(g, scale.Steps(g))) : null];
    }

    /// <summary>The scale follows the range of the data, so that nothing is cut off; q·scale, which is all that is ever made of the two, stands for x.</summary>
    private static IReadOnlyList<Value?> DynamicQuantize(GraphBuilder op, ForwardNode n, Value g) =>
        [n.Gradient(0) is { } quantized ? op.Div(quantized, n.Output(1)!) : null];

    /// <summary>A quantized value as it is, without scale or zero point.</summary>
    /// <remarks>
    /// A Cast, of types that every runtime casts: ONNX Runtime makes a DequantizeLinear before a MatMul one product of integers, which rounds the other factor.
    /// </remarks>
    internal static Value Real(GraphBuilder op, Value quantized, Value like)
    {
        Value real = IsFloat8(quantized.ElementType) || quantized.ElementType.BitWidth() < 8
            ? op.Op("DequantizeLinear", [quantized, op.Scalar(1)])
            : op.Op("Cast", [quantized], ("to", ElementType.Float));
        real.ElementType = ElementType.Float;
        return op.CastLike(real, like);
    }

    private static bool IsFloat8(ElementType type) => type is >= ElementType.Float8E4M3FN and <= ElementType.Float8E5M2FNUZ;

    private static (double Low, double High) Range(ElementType type) => type switch
    {
        ElementType.Float8E4M3FN => (-448, 448),
        ElementType.Float8E4M3FNUZ => (-240, 240),
        ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => (-57344, 57344),
        ElementType.UInt4 or ElementType.UInt8 or ElementType.UInt16 => (0, Math.Pow(2, type.BitWidth()) - 1),
        _ => (-Math.Pow(2, type.BitWidth() - 1), Math.Pow(2, type.BitWidth() - 1) - 1),
    };
}
