using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of products of quantized tensors, less their zero points, as dynamic quantization has them: those of the same products of real numbers.</summary>
internal static class IntegerProductGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "MatMulInteger", GradientRule.From(MatMul, quantizes: true, inputs: [0, 1], limit: "no vectors") },
        { "ConvInteger", GradientRule.From(Conv, quantizes: true, inputs: [0, 1]) },
    };

    private static IReadOnlyList<Value?> MatMul(GraphBuilder op, ForwardNode n, Value g) =>
    [
        n.Needs(0) ? Summed(op, n, n.A, op.MatMul(g, Transposed(op, n, 1, g))) : null,
        n.Needs(1) ? Summed(op, n, n.B, op.MatMul(Transposed(op, n, 0, g), g)) : null,
    ];

    /// <summary>A factor as real numbers with rows and columns exchanged.</summary>
    private static Value Transposed(GraphBuilder op, ForwardNode n, int factor, Value g)
    {
        int rank = n.RankOf(n.Input(factor)!);
        if (rank < 2 || n.RankOf(n.Y) < 2)
            throw new GraphException($"The gradient of {n.Node} with a vector is not supported. Freeze everything before '{n.Y.Name}' or cut there.");
        Value real = Real(op, n, factor, g);
        return op.Transpose(real, [.. Enumerable.Range(0, rank - 2).Select(i => (long)i), rank - 1, rank - 2]);
    }

    /// <summary>The sum over batch dimensions along which the factor was repeated.</summary>
    private static Value Summed(GraphBuilder op, ForwardNode n, Value factor, Value gradient) =>
        op.SumTo(gradient, new Shape([.. n.Y.Shape!.Take(n.RankOf(n.Y) - 2), .. factor.Shape!.TakeLast(2)]), factor);

    private static IReadOnlyList<Value?> Conv(GraphBuilder op, ForwardNode n, Value g)
    {
        ConvolutionShape shape = ConvolutionShape.Of(n, transposed: false);
        return
        [
            n.Needs(0) ? ConvolutionInputGradient.Append(op, shape, Real(op, n, 1, g), g) : null,
            n.Needs(1) ? ConvolutionWeightGradient.Append(op, shape, Real(op, n, 0, g), g) : null,
        ];
    }

    /// <summary>A factor less its zero point, of which the runtime takes one, or one by column of the second matrix.</summary>
    private static Value Real(GraphBuilder op, ForwardNode n, int factor, Value g)
    {
        Value real = QuantizationGradients.Real(op, n.Input(factor)!, g);
        real.Shape = n.Input(factor)!.Shape;
        if (n.Input(factor + 2) is not { } zeroPoint)
            return real;
        Value centred = op.Sub(real, QuantizationGradients.Real(op, zeroPoint, g));
        centred.Shape = real.Shape;
        return centred;
    }
}
