namespace OnnxFineTune.Surgery;

/// <summary>
/// Finds the blocks of a network from its graph: the units between consecutive values through which all data flows. A stretch with parallel paths and layers on them
/// (residual block, inception or fire module, dense layer, half an encoder layer) makes a block, together with the layers between it and the block before.
/// </summary>
/// <remarks>
/// Layers in a row that spell the longest path of such a block are one without its skip (MobileNet's blocks of stride 2). Units of different kinds that take turns (attention and
/// feed-forward) are one block. The layers before the first block, the stem, belong to none; those behind the last one belong to it, up to the head. Where fewer than two stretches have
/// parallel paths, each layer with weights is a block. Weights are not read.
/// </remarks>
public static class Blocks
{
    /// <summary>The blocks from input to output, the classifier or attached head not among them; possibly none.</summary>
    /// <param name="model">A model in working form.</param>
    public static IReadOnlyList<Block> Of(Model model)
    {
        IReadOnlyList<PathSegment> layers = PathSegments.Of(model);
        List<Block> blocks = [];
        foreach (Range range in BlockGrouping.Of(layers))
        {
            PathSegment[] inside = [.. layers.Take(range)];
            Value[] parameters = [.. inside.SelectMany(s => s.Parameters)];
            blocks.Add(new Block(blocks.Count + 1, inside[0].From, [.. parameters.Select(p => p.Name)], parameters.Sum(p => p.Data!.Count)));
        }
        return blocks;
    }
}
