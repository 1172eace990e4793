using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A loss as a piece of graph.</summary>
public interface ILoss
{
    /// <summary>Element type of the targets: int64 for class indices, float for values.</summary>
    ElementType TargetType { get; }

    /// <summary>Shape of the targets for outputs of the given shape; the first dimension is the batch.</summary>
    Shape TargetShape(Shape outputs);

    /// <summary>Appends the loss, averaged over the batch.</summary>
    /// <param name="op">Builds the graph.</param>
    /// <param name="outputs">What the model computes: logits [N, C], or predictions.</param>
    /// <param name="targets">Of <see cref="TargetType"/> and <see cref="TargetShape"/>.</param>
    /// <returns>A float scalar.</returns>
    Value Build(GraphBuilder op, Value outputs, Value targets);
}
