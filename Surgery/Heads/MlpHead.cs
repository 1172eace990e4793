namespace OnnxFineTune.Surgery;

/// <summary>
/// Linear layers with an activation between them on pooled features; layer i has the parameters <c>head.i.weight</c> and <c>head.i.bias</c>,
/// counted from 0.
/// </summary>
/// <param name="Classes">Number of outputs, at least 1.</param>
/// <param name="Hidden">Sizes of the hidden layers, input side first.</param>
public sealed record MlpHead(int Classes, params int[] Hidden) : IHead
{
    /// <summary>Probability with which an input of each layer is zeroed while training, 0 (the default) to less than 1.</summary>
    public float Dropout { get; init; }

    /// <summary>What follows each hidden layer.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Seed of the initial weights.</summary>
    public int Seed { get; init; }

    /// <inheritdoc/>
    public Value Build(HeadBuilder b, Value features)
    {
        HeadSize.Check(Classes, "classes");
        InitialWeights initial = new(Seed);
        Value x = b.Vector(features);
        for (int i = 0; i < Hidden.Length; i++)
        {
            HeadSize.Check(Hidden[i], "units in a hidden layer");
            x = b.Activate(b.Linear(b.Dropout(x, Dropout), Hidden[i], initial, $"{i}."), Activation);
        }
        return b.Linear(b.Dropout(x, Dropout), Classes, initial, $"{Hidden.Length}.");
    }
}
