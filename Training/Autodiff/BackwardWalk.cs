using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Visits the nodes between parameters and loss from the end and applies their rules. What all rules share is done here: the contributions
/// of several users of a value are summed, and broadcasting is undone.
/// </summary>
/// <param name="blocked">Told of nodes that no gradient can pass, which then ends there; without it they are errors.</param>
internal sealed class BackwardWalk(GraphBuilder op, TrainablePaths paths, GradientRules rules, Action<Node, GraphException>? blocked = null)
{
    private readonly Dictionary<Value, List<Value>> _contributions = [];

    /// <summary>Appends the backward pass from <paramref name="value"/>, whose gradient is given.</summary>
    /// <returns>The gradient of each parameter that reaches the loss.</returns>
    public Dictionary<Value, Value> Run(Value value, Value gradientOfValue, IEnumerable<Value> parameters, IReadOnlyList<Node> nodes)
    {
        Contribute(value, gradientOfValue);
        for (int i = nodes.Count - 1; i >= 0; i--)
            VisitOrEnd(nodes[i]);
        Dictionary<Value, Value> gradients = [];
        foreach (Value parameter in parameters)
            if (GradientOf(parameter) is { } gradient)
                gradients[parameter] = gradient;
        return gradients;
    }

    private void VisitOrEnd(Node node)
    {
        try
        {
            Visit(node);
        }
        catch (GraphException e) when (blocked is not null)
        {
            blocked(node, e);
        }
    }

    private void Visit(Node node)
    {
        if (!TopologicalOrder.Reads(node).Any(paths.Reaches))
            return;
        Value?[] outputGradients = [.. node.Outputs.Select(GradientOf)];
        if (outputGradients.FirstOrDefault(g => g is not null) is not { } g)
            return;
        GradientRule rule = rules.Find(node) ?? throw NoRule(node);
        if (!rule.TakesAllOutputs && outputGradients.Skip(1).Any(o => o is not null))
            throw NoRuleForOutput(node, node.Outputs[Array.FindLastIndex(outputGradients, o => o is not null)]!);
        ForwardNode forward = new(node, outputGradients, [.. node.Inputs.Select(paths.Reaches)], [.. node.Inputs.Select(paths.IsParameter)]);
        IReadOnlyList<Value?> results = rule.Function!(op, forward, g)!;
        for (int i = 0; i < Math.Min(results.Count, node.Inputs.Count); i++)
            if (results[i] is { } result && paths.Reaches(node.Inputs[i]))
            {
                Value input = node.Inputs[i]!;
                Contribute(input, rule.Broadcasts ? op.SumTo(result, result.Shape ?? forward.Y.Shape, input) : result);
            }
    }

    private void Contribute(Value value, Value gradient)
    {
        Describe(gradient, value);
        if (!_contributions.TryGetValue(value, out List<Value>? parts))
            _contributions[value] = parts = [];
        parts.Add(gradient);
    }

    private Value? GradientOf(Value? value)
    {
        if (value is null || !paths.Reaches(value) || !_contributions.TryGetValue(value, out List<Value>? parts))
            return null;
        if (parts.Count > 1)
        {
            Value sum = parts.Count == 2 ? op.Add(parts[0], parts[1]) : op.Sum([.. parts]);
            Describe(sum, value);
            _contributions[value] = parts = [sum];
        }
        return parts[0];
    }

    private static void Describe(Value gradient, Value value)
    {
        if (value.ElementType.IsFloatingPoint() || value.ElementType == ElementType.Undefined)      // a quantized value's gradient stays real
            gradient.ElementType = value.ElementType;
        gradient.Shape ??= value.Shape;
    }

    private static GraphException NoRuleForOutput(Node node, Value output) => new(
        $"The loss depends on '{output.Name}', output {output.OutputIndex} of {node}, whose gradient is not supported; that of '{node.Outputs[0]?.Name}' is. " +
        $"Compute '{output.Name}' with operators of its own, freeze everything before it, or cut there.");

    private GraphException NoRule(Node node)
    {
        Value trained = TopologicalOrder.Reads(node).First(paths.Reaches);
        Value output = node.Outputs.First(o => GradientOf(o) is not null)!;
        return new GraphException(
            $"No gradient for '{node.OpType}'{(node.Domain.Length > 0 ? $" of '{node.Domain}'" : "")} (node '{node.Name}') on the path from parameter " +
            $"'{paths.ParameterOf(trained).Name}' to the loss ({paths.Describe(output)} → … → loss). {Advice(node)}Freeze everything before '{output.Name}' or cut there.");
    }

    private static string Advice(Node node) => node.Domain == "com.microsoft.nchwc"
        ? "ONNX Runtime wrote it for one kind of processor: take the model as it was before, or save it optimized to ORT_ENABLE_EXTENDED at most. Or: " : "";
}
