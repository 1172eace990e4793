using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>An optimizer as a piece of graph. Its update is elementwise, so that an engine may update several parameters as one vector.</summary>
public interface IOptimizer
{
    /// <summary>Names of the state tensors each parameter has, of the parameter's shape and zero at the start, for example <c>m</c> and <c>v</c>.</summary>
    IReadOnlyList<string> StateNames { get; }

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    IReadOnlyList<string> Validate() => [];

    /// <summary>Appends the update of one parameter.</summary>
    /// <param name="op">Builds the graph.</param>
    /// <param name="update">Parameter, gradient, state and the scalars of this step.</param>
    /// <returns>θ′, then the new state in the order of <see cref="StateNames"/>; all of the parameter's shape.</returns>
    IReadOnlyList<Value> Build(GraphBuilder op, ParameterUpdate update);
}

/// <summary>What an optimizer sees of one parameter in one step.</summary>
/// <param name="Parameter">θ, float.</param>
/// <param name="Gradient">dL/dθ, of the shape of θ.</param>
/// <param name="State">State tensors in the order of <see cref="IOptimizer.StateNames"/>.</param>
/// <param name="LearningRate">Float scalar.</param>
/// <param name="Step">Float scalar: 1 in the first step.</param>
public sealed record ParameterUpdate(Value Parameter, Value Gradient, IReadOnlyList<Value> State, Value LearningRate, Value Step);
