namespace OnnxFineTune.Surgery;

/// <summary>One linear layer on pooled features: parameters <c>head.weight</c> [classes, C] and <c>head.bias</c> [classes].</summary>
/// <param name="Classes">Number of outputs, at least 1.</param>
public sealed record LinearHead(int Classes) : IHead
{
    /// <summary>Probability with which a feature is zeroed while training, 0 (the default) to less than 1.</summary>
    public float Dropout { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public int Seed { get; init; }

    /// <inheritdoc/>
    public Value Build(HeadBuilder b, Value features)
    {
        HeadSize.Check(Classes, "classes");
        return b.Linear(b.Dropout(b.Vector(features), Dropout), Classes, new InitialWeights(Seed));
    }
}
