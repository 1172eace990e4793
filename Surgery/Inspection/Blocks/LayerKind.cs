namespace OnnxFineTune.Surgery;

/// <summary>Tells layers apart by a letter, so that a path can be compared with others as a word.</summary>
internal static class LayerKind
{
    /// <summary>A depthwise convolution.</summary>
    public const char Depthwise = 'd';

    /// <summary>The letter of a node; null for what is no layer: activations, pooling, normalization, biases, moving data.</summary>
    /// <param name="node">A node in working form.</param>
    public static char? Of(Node node) => node.OpType switch
    {
        "Conv" or "FusedConv" => ConvolutionOf(node),
        "ConvTranspose" => 't',
        "Gemm" or "FusedGemm" => 'm',
        "MatMul" or "FusedMatMul" => ConstantSource.Of(node.Input(1)) is not null || ConstantSource.Of(node.Input(0)) is not null ? 'm' : 'a',       // 'a': attention multiplies data by data
        "Attention" or "MultiHeadAttention" => 'a',
        "LSTM" or "GRU" or "RNN" => 'r',
        _ => null,
    };

    private static char ConvolutionOf(Node node)
    {
        if (node.Input(1)?.Shape is not { Rank: > 2 } weight)
            return 'c';
        if (node.Attributes.Int("group", 1) > 1 && weight[1].Value == 1)
            return Depthwise;
        return weight.Skip(2).All(d => d.Value == 1) ? 'p' : 'c';
    }
}
