using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// A training step as one graph of standard operators: (features, targets, coefficients, θ, state, running statistics) → (loss, output, θ′, state′, statistics′).
/// </summary>
/// <param name="Model">The graph.</param>
/// <param name="Groups">The parameters as the optimizer sees them.</param>
/// <param name="Factors">The different factors on the learning rate.</param>
/// <param name="Coefficients">Names of the inputs that take the optimizer's coefficients, float scalars: those of the first factor, then those of the next.</param>
internal sealed record StepGraph(Model Model, IReadOnlyList<ParameterGroup> Groups, IReadOnlyList<float> Factors, IReadOnlyList<string> Coefficients)
{
    /// <summary>Appends clipping and update to a training graph.</summary>
    /// <param name="training">What is trained.</param>
    /// <param name="optimizer">Whose update.</param>
    /// <param name="clipping">Limits all gradients together; null does not.</param>
    /// <param name="factors">Factors on the learning rate by parameter name; 1 for those without.</param>
    public static StepGraph Build(TrainingGraph training, IOptimizer optimizer, GradientClipping? clipping, IReadOnlyDictionary<string, float> factors)
    {
        Model model = training.Training.Clone();
        Graph graph = model.Graph;
        IReadOnlyList<ParameterGroup> groups = ParameterGroup.Of(training, factors);
        float[] distinct = [.. groups.Select(g => g.Factor).Distinct()];
        Dictionary<float, Value[]> coefficients = distinct.ToDictionary(f => f, _ => optimizer.CoefficientNames.Select(n => graph.AddInput(graph.UniqueName(n), ElementType.Float, Shape.Scalar)).ToArray());
        GraphBuilder op = new(graph, "update");
        Value loss = graph.Outputs[0], output = graph.Outputs[1];
        IReadOnlyList<Value> gradients = [.. groups.Select(g => GradientOf(op, g))];
        if (clipping is not null)
            gradients = clipping.Build(op, gradients);
        List<Value> outputs = [loss, output];
        for (int i = 0; i < groups.Count; i++)
            outputs.AddRange(Update(op, groups[i], gradients[i], coefficients[groups[i].Factor], optimizer));
        outputs.AddRange(training.Statistics.Select(s => graph.Get(s.Next.Name)));
        graph.SetOutputs(outputs);
        ExecutionOrder.Arrange(graph);
        return new StepGraph(model, groups, distinct, [.. distinct.SelectMany(f => coefficients[f]).Select(c => c.Name)]);
    }

    private static Value GradientOf(GraphBuilder op, ParameterGroup group)
    {
        Value[] gradients = [.. group.Parameters.Select(p => op.Graph.Get(p.Gradient.Name))];
        return group.IsShared
            ? op.Concat(0, [.. gradients.Select((g, i) => group.Parameters[i].Initial.Shape.Rank == 1 ? g : op.Reshape(g, -1))])
            : gradients[0];
    }

    private static IEnumerable<Value> Update(GraphBuilder op, ParameterGroup group, Value gradient, Value[] coefficients, IOptimizer optimizer)
    {
        Graph graph = op.Graph;
        Value theta = group.IsShared ? graph.AddInput(group.Name, ElementType.Float, group.Shape) : graph.Get(group.Name);
        Value[] state = [.. optimizer.StateNames.Select(s => graph.AddInput(group.StateName(s), ElementType.Float, group.Shape))];
        IReadOnlyList<Value> next = optimizer.Build(op, new ParameterUpdate(theta, gradient, state, coefficients));
        foreach ((Value value, Value before) in next.Zip(state.Prepend(theta)))
        {
            value.Shape = group.Shape;
            graph.Rename(value, NextName(before.Name));
        }
        return next;
    }

    /// <summary>The name of θ′, of a new state or of a new statistic.</summary>
    public static string NextName(string name) => $"{name}_next";
}
