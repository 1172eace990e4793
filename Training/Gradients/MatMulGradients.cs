using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of matrix products: dA = g·Bᵀ and dB = Aᵀ·g.</summary>
internal static class MatMulGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "MatMul", MatMul },
        { "Gemm", Gemm },
        { "Einsum", EinsumGradient.Append },
        { "Det", DeterminantGradient.Append },
    };

    private static IReadOnlyList<Value?> MatMul(GraphBuilder op, ForwardNode n, Value g)
    {
        int rankA = n.RankOf(n.A);
        int rankB = n.RankOf(n.B);
        if (rankA == 1 && rankB == 1)
            return [n.Needs(0) ? op.Mul(g, n.B) : null, n.Needs(1) ? op.Mul(g, n.A) : null];
        if (rankA <= 2 && rankB <= 2)
            return Matrices(op, n, g, rankA, rankB);
        if (rankB == 2)
            return [n.Needs(0) ? op.MatMul(g, op.Transpose(n.B, 1, 0)) : null, n.Needs(1) ? SharedWeight(op, n, g, rankA) : null];
        return Batched(op, n, g, rankA, rankB);
    }

    /// <summary>At least one of the two is a matrix, the other a matrix or a vector, which counts as a matrix of one row or column.</summary>
    private static IReadOnlyList<Value?> Matrices(GraphBuilder op, ForwardNode n, Value g, int rankA, int rankB)
    {
        Value a = rankA == 1 ? op.Unsqueeze(n.A, 0) : n.A;
        Value b = rankB == 1 ? op.Unsqueeze(n.B, 1) : n.B;
        Value gradient = rankA == 1 ? op.Unsqueeze(g, 0) : rankB == 1 ? op.Unsqueeze(g, 1) : g;
        Value? dA = n.Needs(0) ? op.Gemm(gradient, b, transB: true) : null;
        Value? dB = n.Needs(1) ? op.Gemm(a, gradient, transA: true) : null;
        return
        [
            dA is not null && rankA == 1 ? op.Squeeze(dA, 0) : dA,
            dB is not null && rankB == 1 ? op.Squeeze(dB, 1) : dB,
        ];
    }

    /// <summary>[…, K] × [K, N]: all rows of all batches in one product, not a product for each batch and a sum.</summary>
    private static Value SharedWeight(GraphBuilder op, ForwardNode n, Value g, int rankA) =>
        op.Gemm(op.Flatten(n.A, rankA - 1), op.Flatten(g, rankA - 1), transA: true);

    /// <summary>Matrix by matrix; batch dimensions broadcast, vectors count as matrices of one row (A) or column (B).</summary>
    private static IReadOnlyList<Value?> Batched(GraphBuilder op, ForwardNode n, Value g, int rankA, int rankB)
    {
        Value a = rankA == 1 ? op.Unsqueeze(n.A, 0) : n.A;
        Value b = rankB == 1 ? op.Unsqueeze(n.B, 1) : n.B;
        Value gradient = rankA == 1 ? op.Unsqueeze(g, -2) : rankB == 1 ? op.Unsqueeze(g, -1) : g;
        Value? dA = null;
        Value? dB = null;
        if (n.Needs(0))
        {
            dA = op.MatMul(gradient, Transposed(op, b, Math.Max(rankB, 2)));
            dA = op.SumTo(rankA == 1 ? op.Squeeze(dA, -2) : dA, Broadcast(n, n.A, columns: rankB == 1 ? 0 : 1), n.A);
        }
        if (n.Needs(1))
        {
            dB = op.MatMul(Transposed(op, a, Math.Max(rankA, 2)), gradient);
            dB = op.SumTo(rankB == 1 ? op.Squeeze(dB, -1) : dB, Broadcast(n, n.B, columns: rankA == 1 ? 0 : 1), n.B);
        }
        return [dA, dB];
    }

    /// <summary>The batch dimensions of Y in front of the matrix, or vector, of an input.</summary>
    /// <param name="columns">Dimensions of Y that the other input gives.</param>
    private static Shape Broadcast(ForwardNode n, Value input, int columns)
    {
        int own = Math.Min(input.Shape!.Rank, 2);
        int batches = n.RankOf(n.Y) - columns - (own - 1);
        return new Shape([.. n.Y.Shape!.Take(batches), .. input.Shape.TakeLast(own)]);
    }

    private static Value Transposed(GraphBuilder op, Value matrices, int rank)
    {
        long[] permutation = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        (permutation[^1], permutation[^2]) = (permutation[^2], permutation[^1]);
        return op.Transpose(matrices, permutation);
    }

    private static IReadOnlyList<Value?> Gemm(GraphBuilder op, ForwardNode n, Value g)
    {
        bool transA = n.Attributes.Int("transA") != 0;
        bool transB = n.Attributes.Int("transB") != 0;
        float alpha = n.Attributes.Float("alpha", 1);
        float beta = n.Attributes.Float("beta", 1);
        Value? dA = !n.Needs(0) ? null
            : transA ? op.Gemm(n.B, g, transA: transB, transB: true, alpha: alpha)
            : op.Gemm(g, n.B, transB: !transB, alpha: alpha);
        Value? dB = !n.Needs(1) ? null
            : transB ? op.Gemm(g, n.A, transA: true, transB: transA, alpha: alpha)
            : op.Gemm(n.A, g, transA: !transA, alpha: alpha);
        Value? dC = !n.Needs(2) ? null : op.SumTo(beta == 1 ? g : op.Mul(g, op.Scalar(beta, g)), n.Y.Shape, n.Input(2)!);
        return [dA, dB, dC];
    }
}
