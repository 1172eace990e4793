using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Divides the nodes of a forward pass into segments that are computed again one at a time.</summary>
internal static class CheckpointSegments
{
    private const int Candidates = 32;

    /// <summary>The division for which the values kept between segments and the largest segment together are smallest.</summary>
    /// <param name="nodes">The forward pass in topological order.</param>
    /// <param name="reached">The values that have a gradient; a segment ends only where one passes that no node before has read, so that its gradient is complete there.</param>
    /// <returns>The number of nodes up to the end of each segment but the last; empty where no division saves memory.</returns>
    public static IReadOnlyList<int> Divide(IReadOnlyList<Node> nodes, Func<Value, bool> reached)
    {
        Dictionary<Node, int> positions = nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        long[] sizes = [.. nodes.Select(n => n.Outputs.OfType<Value>().Sum(Size))];
        IReadOnlyList<Value>[] passing = Passing(nodes);
        long[] widths = [.. passing.Select((p, i) => EndsAt(p, i) ? p.Sum(Size) : long.MaxValue)];
        long total = sizes.Sum(), least = total;
        IReadOnlyList<int> best = [];
        for (int i = 1; i <= Candidates; i++)
        {
            IReadOnlyList<int> ends = Divide(sizes, widths, total * i / Candidates);
            long kept = ends.SelectMany(e => passing[e - 1]).Distinct().Sum(Size);
            long largest = ends.Prepend(0).Zip(ends.Append(nodes.Count), (from, to) => sizes[from..to].Sum()).Max();
            if (kept + largest < least)
                (least, best) = (kept + largest, ends);
        }
        return best;

        bool EndsAt(IReadOnlyList<Value> values, int last) => values.Any(v => reached(v) && v.Uses.All(u => positions.TryGetValue(u.Node, out int position) && position > last));
    }

    /// <summary>Segments as long as the limit on their size allows, each ending where the least passes on.</summary>
    private static List<int> Divide(long[] sizes, long[] widths, long limit)
    {
        List<int> ends = [];
        long size = 0;
        int? narrowest = null;
        for (int i = 0; i < sizes.Length; i++)
        {
            size += sizes[i];
            if (size > limit && narrowest is { } cut)
            {
                ends.Add(cut + 1);
                (i, size, narrowest) = (cut, 0, null);
            }
            else if (widths[i] < long.MaxValue && (narrowest is null || widths[i] <= widths[narrowest.Value]))
                narrowest = i;
        }
        return ends;
    }

    /// <summary>By node, the values that it and those before it give to those behind it.</summary>
    private static IReadOnlyList<Value>[] Passing(IReadOnlyList<Node> nodes)
    {
        Dictionary<Value, int> lastUses = [];
        for (int i = 0; i < nodes.Count; i++)
            foreach (Value value in TopologicalOrder.Reads(nodes[i]))
                lastUses[value] = i;
        IReadOnlyList<Value>[] passing = new IReadOnlyList<Value>[nodes.Count];
        IReadOnlyList<Value> before = [];
        for (int i = 0; i < nodes.Count; i++)
            before = passing[i] = [.. before.Concat(nodes[i].Outputs.OfType<Value>()).Where(v => lastUses.GetValueOrDefault(v, -1) > i)];
        return passing;
    }

    private static long Size(Value value) => ActivationSize.OfExample(value) ?? 0;
}
