using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>How large values are that follow the batch.</summary>
internal static class ActivationSize
{
    /// <summary>Elements for one example from which on memory counts more than the time of a node.</summary>
    private const long Large = 16384;

    /// <summary>Elements for one example: sizes that are not static, the batch, count as 1; null where the rank is unknown.</summary>
    public static long? OfExample(Value value) => value.Shape?.Aggregate(1L, (count, size) => count * (size.Value ?? 1));

    /// <summary>Whether a value is large; not where its rank is unknown.</summary>
    public static bool IsLarge(Value value) => OfExample(value) > Large;

    /// <summary>Whether a graph computes a large value.</summary>
    public static bool AnyIsLarge(Graph graph) => graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>().Any(IsLarge);

    /// <summary>Whether a value is computed from a large one; values of unknown shape between them are passed.</summary>
    public static bool IsComputedFromLarge(Value value)
    {
        HashSet<Value> seen = [];
        Stack<Value> open = new([value]);
        while (open.TryPop(out Value? next))
            foreach (Value input in next.Producer?.Inputs.OfType<Value>() ?? [])
            {
                if (input.Producer is null || !seen.Add(input))         // inputs of the graph stay in memory anyway
                    continue;
                if (OfExample(input) is not { } size)
                    open.Push(input);
                else if (size > Large)
                    return true;
            }
        return false;
    }
}
