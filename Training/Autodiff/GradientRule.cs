using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The gradient of one operator: given dL/dY, appends nodes that compute dL/dX for each input.</summary>
/// <param name="op">Builds the backward graph.</param>
/// <param name="n">The node of the forward graph.</param>
/// <param name="g">dL/d(first output that reaches the loss), of that output's shape; <see cref="ForwardNode.Gradient"/> has the others.</param>
/// <returns>
/// dL/d(input) by input, of the input's shape (a broadcasting rule's: of the output's); null, or a shorter list, where an input gets none.
/// Null instead of a list declines the case; only rules of <see cref="GradientRules.Native"/> do so, and leave it to the standard rule.
/// </returns>
internal delegate IReadOnlyList<Value?>? GradientFunction(GraphBuilder op, ForwardNode n, Value g);

/// <summary>An operator's place in the table of rules: a gradient function, or the statement that it has none.</summary>
internal sealed class GradientRule
{
    private GradientRule(GradientFunction? function) => Function = function;

    /// <summary>No gradient flows through the operator (comparisons, Shape, ArgMax …); stated, so that an unknown operator is an error.</summary>
    public static GradientRule None { get; } = new(null);

    /// <summary>Appends the gradient, or null for <see cref="None"/>.</summary>
    public GradientFunction? Function { get; }

    /// <summary>
    /// Whether the operator broadcasts its inputs to the output's shape: then each result has that shape (or the one set on it), and the walk
    /// sums it back to its input's.
    /// </summary>
    public bool Broadcasts { get; private init; }

    /// <summary>Whether the rule takes the gradients of all outputs; of others, the walk accepts none but the first output's.</summary>
    public bool TakesAllOutputs { get; private init; }

    /// <summary>Whether the first output may be of an integer or 8-bit type and has a gradient all the same, in floating point: it stands for real numbers.</summary>
    public bool Quantizes { get; private init; }

    /// <summary>The inputs that get gradients, where they are not all that may hold floating-point numbers.</summary>
    public IReadOnlyList<int>? Inputs { get; private init; }

    /// <summary>What the rule wants or leaves out, for <see cref="GradientTable"/>; possibly empty.</summary>
    public string Limit { get; private init; } = "";

    /// <summary>A rule from a lambda.</summary>
    public static GradientRule From(GradientFunction function, bool broadcasts = false, bool takesAllOutputs = false, bool quantizes = false, int[]? inputs = null, string limit = "") =>
        new(function) { Broadcasts = broadcasts, TakesAllOutputs = takesAllOutputs, Quantizes = quantizes, Inputs = inputs, Limit = limit };
}
