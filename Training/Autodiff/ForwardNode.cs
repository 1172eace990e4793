using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>A node of the forward graph as a gradient rule sees it.</summary>
/// <param name="node">The node.</param>
/// <param name="outputGradients">dL/dY by output; null where an output does not reach the loss.</param>
/// <param name="needed">By input, whether its gradient is wanted.</param>
/// <param name="results">By input, whether its gradient is a result of the walk, not only a step on the way to others.</param>
internal sealed class ForwardNode(Node node, IReadOnlyList<Value?> outputGradients, IReadOnlyList<bool> needed, IReadOnlyList<bool> results)
{
    /// <summary>The node itself.</summary>
    public Node Node => node;

    /// <summary>First input.</summary>
    public Value X => node.Inputs[0]!;

    /// <summary>First input, where the operator calls it A.</summary>
    public Value A => node.Inputs[0]!;

    /// <summary>Second input.</summary>
    public Value B => node.Inputs[1]!;

    /// <summary>First output.</summary>
    public Value Y => node.Outputs[0]!;

    /// <summary>Attributes of the node.</summary>
    public NodeAttributes Attributes => node.Attributes;

    /// <summary>Input <paramref name="index"/>, or null where it is left out.</summary>
    public Value? Input(int index) => node.Input(index);

    /// <summary>Output <paramref name="index"/>, or null where it is left out.</summary>
    public Value? Output(int index) => node.Output(index);

    /// <summary>dL/d(output), or null where that output does not reach the loss.</summary>
    public Value? Gradient(int output) => output < outputGradients.Count ? outputGradients[output] : null;

    /// <summary>Whether the gradient of this input is wanted; a rule need not compute the others.</summary>
    public bool Needs(int input) => input < needed.Count && needed[input];

    /// <summary>Whether the gradient of this input is a result itself: a rule may not go round it.</summary>
    public bool IsResult(int input) => input < results.Count && results[input];

    /// <summary>Rank of the first input.</summary>
    /// <exception cref="GraphException">The rank is unknown.</exception>
    public int Rank => RankOf(X);

    /// <summary>Rank of a value of the forward graph.</summary>
    /// <exception cref="GraphException">The rank is unknown.</exception>
    public int RankOf(Value value) => value.Shape?.Rank ??
        throw new GraphException($"The gradient of {node} needs the rank of '{value.Name}', which shape inference did not find.");
}
