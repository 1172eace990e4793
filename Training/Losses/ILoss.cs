using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A loss as a piece of graph.</summary>
public interface ILoss
{
    /// <summary>What the model's outputs mean: how accuracy is counted, and what the trained model puts behind them.</summary>
    OutputKind OutputKind => TargetType == ElementType.Int64 ? OutputKind.ClassLogits : OutputKind.Values;

    /// <summary>Element type of the targets: int64 for class indices, float for values.</summary>
    ElementType TargetType { get; }

    /// <summary>Shape of the targets for outputs of the given shape; the first dimension is the batch.</summary>
    Shape TargetShape(Shape outputs);

    /// <summary>
    /// The same loss with class probabilities, float [N, C], as targets, which mixed examples need; null, the default, where it has no such form. A loss that takes numbers mixes as it is.
    /// </summary>
    ILoss? WithClassProbabilities() => null;

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    IReadOnlyList<string> Validate() => [];

    /// <summary>Appends the loss, averaged over the batch.</summary>
    /// <param name="op">Builds the graph.</param>
    /// <param name="outputs">What the model computes, with its shape: logits [N, C], or predictions.</param>
    /// <param name="targets">Of <see cref="TargetType"/> and <see cref="TargetShape"/>.</param>
    /// <exception cref="GraphException">The outputs' shape does not fit the loss.</exception>
    LossNodes Build(GraphBuilder op, Value outputs, Value targets);

    /// <summary>As <see cref="Build(GraphBuilder, Value, Value)"/>, for a loss that can use kernels of ONNX Runtime's training build; others take no notice.</summary>
    /// <param name="op">Builds the graph.</param>
    /// <param name="outputs">As above.</param>
    /// <param name="targets">As above.</param>
    /// <param name="kernels">The operators in which the gradient may be written; the loss itself is of standard operators always.</param>
    /// <exception cref="GraphException">As above.</exception>
    LossNodes Build(GraphBuilder op, Value outputs, Value targets, GradientKernels kernels) => Build(op, outputs, targets);
}

/// <summary>What a loss appended to the graph.</summary>
/// <param name="Loss">A float scalar.</param>
/// <param name="Gradient">
/// dL/d(outputs), of their shape, where the loss knows a form with fewer nodes than the operators' own rules give; else null, and the rules give it.
/// A graph that asks for the loss only leaves these nodes out.
/// </param>
public sealed record LossNodes(Value Loss, Value? Gradient = null);
