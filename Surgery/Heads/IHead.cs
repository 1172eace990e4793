namespace OnnxFineTune.Surgery;

/// <summary>A new end of a network: a record that describes, one method that builds. Heads are plain ONNX.</summary>
public interface IHead
{
    /// <summary>Appends the head.</summary>
    /// <param name="b">Appends nodes and makes parameters.</param>
    /// <param name="features">Float features: [N, C], [N, C, H, W] or [N, T, C].</param>
    /// <returns>The head's output, usually logits [N, classes], with its shape set.</returns>
    /// <exception cref="GraphException">The features have a shape on which the head cannot stand.</exception>
    Value Build(HeadBuilder b, Value features);
}
