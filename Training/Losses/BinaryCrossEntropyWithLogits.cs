using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Cross-entropy of independent yes/no labels, averaged over all N·C elements, as PyTorch's <c>binary_cross_entropy_with_logits</c>:
/// logits [N, C], targets [N, C] from 0 to 1. For pictures that carry several labels at once.
/// </summary>
/// <remarks>With s = softplus(x) an element is s − x·t: finite for any logit. With positive weights p it is x − x·t + (1 + (p − 1)·t)·(s − x).</remarks>
public sealed record BinaryCrossEntropyWithLogits : ILoss
{
    /// <summary>The weight of positive examples, one per label, above 0; null weighs them as the negative ones.</summary>
    public IReadOnlyList<float>? PositiveWeights { get; init; }

    /// <inheritdoc/>
    public OutputKind OutputKind => OutputKind.LabelLogits;

    /// <inheritdoc/>
    public ElementType TargetType => ElementType.Float;

    /// <inheritdoc/>
    public Shape TargetShape(Shape outputs) => outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => PositiveWeights is null ? []
        : new OptionErrors().Require(PositiveWeights.All(w => w > 0 && float.IsFinite(w)), $"{nameof(PositiveWeights)} must be finite numbers above 0.").All;

    /// <inheritdoc/>
    public LossNodes Build(GraphBuilder op, Value outputs, Value targets)
    {
        Value softplus = op.Op("Softplus", [outputs]), sigmoid = op.Sigmoid(outputs), product = op.Mul(outputs, targets);
        Value elements, gradient;
        if (PositiveWeights is null)
        {
            elements = op.Sub(softplus, product);
            gradient = op.Sub(sigmoid, targets);
        }
        else
        {
            Value one = op.Scalar(1), k = op.Add(op.Mul(targets, ExtraWeights(op, outputs)), one);
            elements = op.Add(op.Sub(outputs, product), op.Mul(k, op.Sub(softplus, outputs)));
            gradient = op.Add(op.Mul(k, op.Sub(sigmoid, one)), op.Sub(one, targets));
        }
        return new LossNodes(op.ReduceMean(elements, [], false), op.Div(gradient, op.Cast(op.Size(outputs), ElementType.Float)));
    }

    /// <summary>p − 1 by label.</summary>
    private Value ExtraWeights(GraphBuilder op, Value outputs)
    {
        IReadOnlyList<float> weights = PositiveWeights!;
        if (outputs.Shape is { Rank: > 0 } shape && shape[-1].Value is long labels && labels != weights.Count)
            throw new GraphException($"There are {weights.Count} positive weights, but '{outputs.Name}' has {labels} labels; give one weight per label.");
        return op.Constant(TensorData.FromFloats([.. weights.Select(w => w - 1)], weights.Count));
    }
}
