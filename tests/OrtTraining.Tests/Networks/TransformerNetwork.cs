using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>One encoder block on embedded tokens, normalized before each half: self-attention of two heads and a feed-forward layer with Gelu, both around residuals.</summary>
/// <remarks>Vaswani et al., arXiv:1706.03762; normalization first: Xiong et al., arXiv:2002.04745.</remarks>
internal static class TransformerNetwork
{
    public const int Tokens = 6, Width = 16;

    private const int Heads = 2, HeadWidth = Width / Heads, Hidden = 32;

    /// <summary>x [N, tokens, width] → logits [N, 3].</summary>
    public static Model Build()
    {
        NetworkBuilder net = new([Tokens, Width]);
        GraphBuilder op = net.Op;
        Value attended = op.Add(net.Input, Attention(net, net.LayerNormalization("norm1", net.Input, Width)));
        Value hidden = op.Op("Gelu", [net.Linear("up", net.LayerNormalization("norm2", attended, Width), Width, Hidden)]);
        Value mixed = op.Add(attended, net.Linear("down", hidden, Hidden, Width));
        Value pooled = op.ReduceMean(net.LayerNormalization("norm3", mixed, Width), [1], keepDims: false);
        return net.Finish(net.Gemm("head", pooled, Width, 3), 3);
    }

    /// <summary>
    /// The keys have no bias: attention does not depend on it (each row of scores moves by a constant, which Softmax ignores), so that its gradient is nothing but rounding, which
    /// Adam would turn into steps of full length in any direction.
    /// </summary>
    private static Value Attention(NetworkBuilder net, Value x)
    {
        GraphBuilder op = net.Op;
        Value query = Split(op, net.Linear("query", x, Width, Width)), key = Split(op, net.Projection("key", x, Width, Width)), value = Split(op, net.Linear("value", x, Width, Width));
        Value scores = op.Mul(op.MatMul(query, op.Transpose(key, 0, 1, 3, 2)), op.Scalar(1 / Math.Sqrt(HeadWidth)));
        Value mixed = op.Transpose(op.MatMul(op.Softmax(scores), value), 0, 2, 1, 3);
        return net.Linear("output", op.Reshape(mixed, 0, Tokens, Width), Width, Width);
    }

    /// <summary>[N, tokens, width] → [N, heads, tokens, width of a head].</summary>
    private static Value Split(GraphBuilder op, Value x) => op.Transpose(op.Reshape(x, 0, Tokens, Heads, HeadWidth), 0, 2, 1, 3);
}
