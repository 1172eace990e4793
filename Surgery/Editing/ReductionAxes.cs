namespace OnnxFineTune.Surgery;

/// <summary>Reads the axes of a reduction, an attribute in older operator sets and an input in newer ones.</summary>
internal static class ReductionAxes
{
    /// <summary>The axes, counted from the front; null where they are computed.</summary>
    public static HashSet<int>? Of(Node node, int rank)
    {
        long[]? axes = node.Attributes.Ints("axes") ?? (node.Input(1) is { } input ? input.Data?.ToLongs() : [.. Enumerable.Range(0, rank).Select(i => (long)i)]);
        return axes?.Select(a => (int)(a < 0 ? a + rank : a)).ToHashSet();
    }
}
