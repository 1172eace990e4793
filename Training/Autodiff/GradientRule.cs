using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The gradient of one operator: given dL/dY, appends nodes that compute dL/dX for each input.</summary>
/// <param name="op">Builds the backward graph.</param>
/// <param name="n">The node of the forward graph.</param>
/// <param name="g">dL/d(first output), of that output's shape.</param>
/// <returns>
/// dL/d(input) by input; null, or a shorter list, where an input gets none. For an operator that broadcasts its inputs each result may have
/// the output's shape: the walk sums it back to the input's.
/// </returns>
internal delegate IReadOnlyList<Value?> GradientFunction(GraphBuilder op, ForwardNode n, Value g);

/// <summary>An operator's place in the table of rules: a gradient function, or the statement that it has none.</summary>
internal sealed class GradientRule
{
    private GradientRule(GradientFunction? function) => Function = function;

    /// <summary>No gradient flows through the operator (comparisons, Shape, ArgMax …); stated, so that an unknown operator is an error.</summary>
    public static GradientRule None { get; } = new(null);

    /// <summary>Appends the gradient, or null for <see cref="None"/>.</summary>
    public GradientFunction? Function { get; }

    /// <summary>A rule from a lambda.</summary>
    public static GradientRule From(GradientFunction function) => new(function);
}
