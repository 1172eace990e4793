namespace OnnxFineTune.Surgery;

/// <summary>What a recurrent operator carries from step to step, each [batch, hidden]; null is zero.</summary>
/// <param name="H">The output of the step before.</param>
/// <param name="C">The cell of an LSTM.</param>
internal readonly record struct RecurrentState(Value? H, Value? C);

/// <summary>The weights of one direction; k is the number of gates.</summary>
/// <param name="W">[k·hidden, input].</param>
/// <param name="R">[k·hidden, hidden].</param>
/// <param name="InputBias">[k·hidden], or null.</param>
/// <param name="RecurrentBias">[k·hidden], or null.</param>
/// <param name="Peepholes">[3·hidden] of an LSTM, or null.</param>
internal sealed record RecurrentWeights(Value W, Value R, Value? InputBias, Value? RecurrentBias, Value? Peepholes);

/// <summary>The arithmetic of one recurrent operator in one direction.</summary>
internal abstract class RecurrentCell(Node node, GraphBuilder b, RecurrentWeights weights, long hidden)
{
    private readonly float? _clip = node.Attributes["clip"]?.Content as float?;

    /// <summary>Appends the nodes.</summary>
    protected GraphBuilder Op => b;

    /// <summary>The weights.</summary>
    protected RecurrentWeights Weights => weights;

    /// <summary>Size of the state.</summary>
    protected long Hidden => hidden;

    /// <summary>What the input adds to the gates, for all steps at once: [steps, batch, input] → [steps, batch, k·hidden].</summary>
    public Value Project(Value x)
    {
        Value product = b.MatMul(x, b.Transpose(weights.W, 1, 0));
        return OuterBias() is { } bias ? b.Add(product, bias) : product;
    }

    /// <summary>One step.</summary>
    /// <param name="x">What the input adds to the gates in this step, [batch, k·hidden].</param>
    public abstract RecurrentState Step(Value x, RecurrentState before);

    /// <summary>The biases that can be added before the first step.</summary>
    protected virtual Value? OuterBias() => weights.InputBias is null ? null : b.Add(weights.InputBias, weights.RecurrentBias!);

    /// <summary>What goes into an activation function, within the bounds that the node sets.</summary>
    protected Value Clipped(Value x) => _clip is > 0 and float clip ? b.Clip(x, b.ScalarLike(-clip, x), b.ScalarLike(clip, x)) : x;

    /// <summary>a + b, where null is zero.</summary>
    protected Value Sum(Value x, Value? y) => y is null ? x : b.Add(x, y);

    /// <summary>a · b, where null is zero.</summary>
    protected Value? Product(Value x, Value? y) => y is null ? null : b.Mul(x, y);

    /// <summary>h·Rᵀ; null where h is.</summary>
    protected Value? Recurrent(Value? h, Value transposed) => h is null ? null : b.MatMul(h, transposed);
}
