namespace OnnxFineTune.Surgery;

/// <summary>Finds out which axis of a value holds the channels: convolutions put them first, transformers last.</summary>
internal static class FeatureLayout
{
    private static readonly HashSet<string> ChannelsFirst =
        ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN"];

    private static readonly HashSet<string> ChannelsLast = ["MatMul", "Gemm", "LayerNormalization", "RMSNormalization"];

    /// <summary>
    /// The channel axis: that of the layer in front, followed through elementwise operators and Transpose; where no layer tells it, 1 for
    /// rank 4 ([N, C, H, W]), the last for rank 3 ([N, T, C]), null for other ranks.
    /// </summary>
    public static int? ChannelAxis(Value features)
    {
        int rank = features.Shape!.Rank;
        List<long[]> transposes = [];
        Value value = features;
        while (value.Producer is { } node)
        {
            if (ChannelsFirst.Contains(node.OpType))
                return Forward(1, transposes);
            if (ChannelsLast.Contains(node.OpType))
                return Forward(rank - 1, transposes);
            if (node.OpType == "Transpose" && node.Attributes.Ints("perm") is { } permutation)
                transposes.Insert(0, permutation);
            else if (!IsElementwise(node, value))
                break;
            value = Source(node, value);
        }
        return rank switch { 4 => 1, 3 => 2, _ => null };
    }

    private static int Forward(int axis, List<long[]> transposes)
    {
        foreach (long[] permutation in transposes)
            axis = Array.IndexOf(permutation, axis);
        return axis;
    }

    /// <summary>Whether a node keeps the axes of its data where they are: Concat does, and all that keep the shape except Reshape.</summary>
    private static bool IsElementwise(Node node, Value output) =>
        node.OpType == "Concat" || (node.OpType != "Reshape" && node.OpType != "Transpose" && Source(node, output).Shape is { } shape && shape.Equals(output.Shape));

    /// <summary>The input that the output is made of: the first one of its shape.</summary>
    private static Value Source(Node node, Value output) =>
        node.Inputs.OfType<Value>().FirstOrDefault(v => v.Shape is { } shape && shape.Equals(output.Shape) && !v.IsInitializer) ?? node.Inputs.OfType<Value>().First();
}
