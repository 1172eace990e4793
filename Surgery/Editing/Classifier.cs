namespace OnnxFineTune.Surgery;

/// <summary>The recognised classifier of a model: its last layer with parameters and what stands around it.</summary>
/// <param name="Kind">The layer.</param>
/// <param name="Nodes">The layer and the nodes behind it (Softmax, Flatten, pooling …), in graph order.</param>
/// <param name="Features">What the classifier reads, before its own dropout: [N, C], or [N, C, H, W] for convolutions.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Parameters">The initializers that belong to the layer, weight first.</param>
public sealed record Classifier(ClassifierKind Kind, IReadOnlyList<Node> Nodes, Value Features, int Classes, IReadOnlyList<Value> Parameters);
