using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// An optimizer as a piece of graph. Its update is elementwise, so that an engine may update several parameters as one vector. What follows from learning rate
/// and step number alone is computed by <see cref="Coefficients"/> in double and fed: a dozen scalar nodes fewer, and exact where float would not be (1 − 0.999).
/// </summary>
public interface IOptimizer
{
    /// <summary>Names of the state tensors each parameter has, of the parameter's shape and zero at the start, for example <c>m</c> and <c>v</c>.</summary>
    IReadOnlyList<string> StateNames { get; }

    /// <summary>Names of the float scalars that the graph takes in each step; by default the learning rate alone.</summary>
    IReadOnlyList<string> CoefficientNames => ["learning_rate"];

    /// <summary>What is wrong with the options, one sentence each; empty when all is well.</summary>
    IReadOnlyList<string> Validate() => [];

    /// <summary>The scalars of one step, in the order of <see cref="CoefficientNames"/>.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="step">1 in the first step.</param>
    /// <param name="values">Takes the scalars.</param>
    void Coefficients(double learningRate, long step, Span<float> values) => values[0] = (float)learningRate;

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
/// <param name="Coefficients">Float scalars in the order of <see cref="IOptimizer.CoefficientNames"/>.</param>
public sealed record ParameterUpdate(Value Parameter, Value Gradient, IReadOnlyList<Value> State, IReadOnlyList<Value> Coefficients);
