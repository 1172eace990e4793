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
        if (GradientRules.Standard.Find(node) == GradientRule.None || TopologicalOrder.Reads(node).FirstOrDefault(Reaches) is not { } trained)
            return;
        foreach (Value? output in node.Outputs)
            if (output is not null && (output.ElementType.IsFloatingPoint() || output.ElementType == ElementType.Undefined))
                _from.TryAdd(output, trained);
    }

    private IEnumerable<Value> PathTo(Value value)
    {
        List<Value> path = [];
        for (Value? step = value; step is not null; step = _from[step])
            path.Insert(0, step);
        return path;
    }
}
