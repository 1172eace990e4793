namespace OnnxFineTune.Surgery;

/// <summary>Finds the initializer behind a value that only spells it differently.</summary>
internal static class ConstantSource
{
    private static readonly HashSet<string> Respellings = ["Identity", "Cast", "CastLike", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"];

    /// <summary>The initializer that <paramref name="value"/> is, transposed, cast or reshaped perhaps; null where it is computed.</summary>
    public static Value? Of(Value? value)
    {
        while (value is { Producer: { } node } && IsRespelling(node))
            value = node.Input(0);
        return value is { IsInitializer: true } ? value : null;
    }

    /// <summary>The initializers that a node reads, through other nodes too, but not those that data from an input has passed.</summary>
    /// <param name="reached"><see cref="DataPaths.Reached"/> of the graph.</param>
    public static IEnumerable<Value> ReadBy(Node node, IReadOnlySet<Value> reached)
    {
        Stack<Value> open = new(TopologicalOrder.Reads(node));
        HashSet<Value> seen = [];
        while (open.TryPop(out Value? value))
        {
            if (reached.Contains(value) || !seen.Add(value))
                continue;
            if (value.IsInitializer)
                yield return value;
            foreach (Value read in value.Producer is { } producer ? TopologicalOrder.Reads(producer) : [])
                open.Push(read);
        }
    }

    /// <summary>Whether a node gives the elements of its first input in another type or order.</summary>
    public static bool IsRespelling(Node node) => node.Domain == Model.StandardDomain && Respellings.Contains(node.OpType);
}
