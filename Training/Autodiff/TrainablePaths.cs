using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The values that trained parameters reach through operators that pass a gradient on, and how they reach them.</summary>
internal sealed class TrainablePaths
{
    /// <summary>The trained input through which a value is reached; null for the parameters themselves.</summary>
    private readonly Dictionary<Value, Value?> _from = [];

    private TrainablePaths()
    {
    }

    /// <summary>Follows the parameters through the nodes, which are in topological order.</summary>
    public static TrainablePaths From(IEnumerable<Value> parameters, IEnumerable<Node> nodes)
    {
        TrainablePaths paths = new();
        foreach (Value parameter in parameters)
            paths._from[parameter] = null;
        foreach (Node node in nodes)
            paths.Follow(node);
        return paths;
    }

    /// <summary>Whether a parameter reaches this value, so that its gradient is wanted.</summary>
    public bool Reaches(Value? value) => value is not null && _from.ContainsKey(value);

    /// <summary>Whether this value is one of the parameters.</summary>
    public bool IsParameter(Value? value) => value is not null && _from.TryGetValue(value, out Value? from) && from is null;

    /// <summary>The nodes that a gradient passes on its way from <paramref name="loss"/>, or any other value, back to the parameters.</summary>
    public IReadOnlyList<Node> PassedFrom(Value loss, IReadOnlyList<Node> nodes)
    {
        HashSet<Value> wanted = [loss];
        List<Node> passed = [];
        for (int i = nodes.Count - 1; i >= 0; i--)
            if (nodes[i].Outputs.Any(o => Reaches(o) && wanted.Contains(o!)))
            {
                passed.Add(nodes[i]);
                wanted.UnionWith(TopologicalOrder.Reads(nodes[i]));
            }
        return passed;
    }

    /// <summary>The parameter through which <paramref name="value"/> is reached.</summary>
    public Value ParameterOf(Value value) => PathTo(value).First();

    /// <summary>From a parameter to <paramref name="value"/>, for example <c>'conv7.weight' → Conv 'conv7' → Relu 'relu7'</c>; long paths are cut in the middle.</summary>
    public string Describe(Value value)
    {
        string[] steps = [.. PathTo(value).Select(v => _from[v] is null ? $"'{v.Name}'" : v.Producer!.ToString())];
        return string.Join(" → ", steps.Length <= 6 ? steps : [.. steps[..3], "…", .. steps[^2..]]);
    }

    private void Follow(Node node)
    {
        GradientRule? rule = GradientRules.Standard.Find(node);
        if (rule == GradientRule.None || TopologicalOrder.Reads(node).FirstOrDefault(Reaches) is not { } trained)
            return;
        foreach (Value? output in node.Outputs)
            if (output is not null && (IsReal(output) || StandsForReals(rule, output, trained)))
                _from.TryAdd(output, trained);
    }

    private static bool IsReal(Value value) => value.ElementType.IsFloatingPoint() || value.ElementType == ElementType.Undefined;

    /// <summary>Whether the output is a quantized tensor: fresh, or one that was moved or given another shape.</summary>
    private static bool StandsForReals(GradientRule? rule, Value output, Value trained) =>
        output.OutputIndex == 0 && (rule is { Quantizes: true } || (!IsReal(trained) && trained.ElementType == output.ElementType));

    private IEnumerable<Value> PathTo(Value value)
    {
        List<Value> path = [];
        for (Value? step = value; step is not null; step = _from[step])
            path.Insert(0, step);
        return path;
    }
}
