namespace OnnxFineTune.Surgery;

/// <summary>
/// A 1×1 convolution to one map per class, averaged over positions, as in Lin, Chen and Yan, "Network in network" (arXiv:1312.4400):
/// parameters <c>head.weight</c> [classes, C, 1, 1] and <c>head.bias</c> [classes].
/// </summary>
/// <param name="Classes">Number of outputs, at least 1.</param>
public sealed record ConvHead(int Classes) : IHead
{
    /// <summary>Probability with which a feature is zeroed while training, 0 (the default) to less than 1.</summary>
    public float Dropout { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public int Seed { get; init; }

    /// <inheritdoc/>
    public Value Build(HeadBuilder b, Value features)
    {
        HeadSize.Check(Classes, "classes");
        Value x = b.Dropout(b.Image(features), Dropout);
        Value maps = b.Convolution(x, Classes, new InitialWeights(Seed));
        Dimension batch = maps.Shape![0];
        Value pooled = HeadBuilder.Shaped(b.Op.GlobalAveragePool(maps), batch, Classes, 1, 1);
        return HeadBuilder.Shaped(b.Op.Flatten(pooled), batch, Classes);
    }
}
