using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Mean of (output − target)² over all elements, as PyTorch's <c>mse_loss</c>; for regression. Targets have the outputs' shape.</summary>
public sealed record MeanSquaredError : ILoss
{
    /// <inheritdoc/>
    public ElementType TargetType => ElementType.Float;

    /// <inheritdoc/>
    public Shape TargetShape(Shape outputs) => outputs;

    /// <inheritdoc/>
    public LossNodes Build(GraphBuilder op, Value outputs, Value targets)
    {
        Value difference = op.Sub(outputs, targets);
        Value halfCount = op.Mul(op.Cast(op.Size(outputs), ElementType.Float), op.Scalar(0.5));
        return new LossNodes(op.ReduceMean(op.Mul(difference, difference), [], false), op.Div(difference, halfCount));
    }
}
