namespace OnnxFineTune.Surgery;

/// <summary>Puts the stretches of a path together to blocks; <see cref="Blocks"/> says by which rules.</summary>
internal static class BlockGrouping
{
    private const int LongestTurn = 4;

    /// <summary>Fewer letters may occur anywhere, as a 1×1 and a 3×3 convolution in a stem.</summary>
    private const int ShortestWord = 3;

    /// <summary>The blocks as ranges of stretches, in order.</summary>
    public static IReadOnlyList<Range> Of(IReadOnlyList<PathSegment> segments)
    {
        List<Unit> units = Units(segments);
        if (units.Count < 2)
            return Single(segments);
        TakeNormalizationsBehind(units, segments);
        Extend(units, segments);
        return [.. Turns(units).Select(t => t[0].Start..t[^1].End)];
    }

    /// <summary>The stretches with parallel paths, and the rows of layers that spell the path of one.</summary>
    private static List<Unit> Units(IReadOnlyList<PathSegment> segments)
    {
        HashSet<string> words = [.. segments.Where(s => s is { IsParallel: true, Layers.Length: >= ShortestWord }).Select(s => s.Layers)];
        List<Unit> units = [];
        for (int end = segments.Count; end > 0; end--)
        {
            int start = segments[end - 1].IsParallel ? end - 1 : StartOfWord(segments, end, words);
            if (start < 0)
                continue;
            units.Insert(0, new Unit(start, end, string.Concat(segments.Take(start..end).Select(s => s.Layers))));
            end = start + 1;
        }
        return units;
    }

    private static int StartOfWord(IReadOnlyList<PathSegment> segments, int end, HashSet<string> words)
    {
        int found = -1;
        string spelled = "";
        for (int start = end - 1; start >= 0 && !segments[start].IsParallel; start--)
        {
            spelled = segments[start].Layers + spelled;
            if (segments[start].Layers.Length > 0 && words.Contains(spelled))
                found = start;
        }
        return found;
    }

    /// <summary>Where a normalization stands behind every unit, as in BERT, it belongs to what it follows.</summary>
    private static void TakeNormalizationsBehind(List<Unit> units, IReadOnlyList<PathSegment> segments)
    {
        if (!units.Zip(units.Skip(1)).All(u => u.First.End < u.Second.Start && segments[u.First.End].Layers.Length == 0))
            return;
        for (int i = 0; i < units.Count; i++)
        {
            int end = units[i].End, limit = i + 1 < units.Count ? units[i + 1].Start : segments.Count;
            while (end < limit && segments[end].Layers.Length == 0)
                end++;
            units[i] = units[i] with { End = end };
        }
    }

    /// <summary>A unit begins where the one before it ends. The first has in front of it what most units have there; what is before that is the stem. The last goes on to the end.</summary>
    private static void Extend(List<Unit> units, IReadOnlyList<PathSegment> segments)
    {
        string usual = units.Zip(units.Skip(1)).Select(u => Spell(u.First.End, u.Second.Start)).CountBy(w => w).OrderByDescending(c => c.Value).ThenBy(c => c.Key.Length).First().Key;
        int first = units[0].Start;
        while (first > 0 && Spell(first, units[0].Start).Length < usual.Length)
            first--;
        for (int i = units.Count - 1; i > 0; i--)
            units[i] = units[i] with { Start = units[i - 1].End };
        if (Spell(first, units[0].Start) == usual)
            units[0] = units[0] with { Start = first };
        units[^1] = units[^1] with { End = segments.Count };

        string Spell(int from, int to) => string.Concat(segments.Take(from..to).Select(s => s.Layers));
    }

    /// <summary>Units of different kinds that take turns at least twice go together: the word of distinct kinds that covers most.</summary>
    private static IEnumerable<Unit[]> Turns(List<Unit> units)
    {
        for (int i = 0; i < units.Count;)
        {
            (int length, int times) = Enumerable.Range(2, LongestTurn - 1).Select(n => (Length: n, Times: Repetitions(units, i, n))).Where(t => t.Times > 1)
                .OrderByDescending(t => t.Length * t.Times).ThenBy(t => t.Length).FirstOrDefault((1, 1));
            for (int turn = 0; turn < times; turn++, i += length)
                yield return [.. units[i..(i + length)]];
        }
    }

    /// <summary>How often in a row the units from <paramref name="start"/> on come in the same order, all of one turn different; 0 where they are not.</summary>
    private static int Repetitions(List<Unit> units, int start, int length)
    {
        if (start + length > units.Count || units[start..(start + length)].DistinctBy(u => u.Layers).Count() < length)
            return 0;
        int end = start + length;
        while (end < units.Count && units[end].Layers == units[end - length].Layers)
            end++;
        return (end - start) / length;
    }

    /// <summary>Every layer a block; a depthwise convolution and the one behind it together.</summary>
    private static List<Range> Single(IReadOnlyList<PathSegment> segments)
    {
        List<Range> blocks = [];
        for (int i = 0; i < segments.Count; i++)
        {
            int start = i;
            while (i + 1 < segments.Count && (segments[i].Layers.Length == 0 || segments[i] is { IsParallel: false } && segments[i].Layers[^1] == LayerKind.Depthwise))
                i++;
            blocks.Add(start..(i + 1));
        }
        return blocks;
    }

    /// <summary>Stretches from <paramref name="Start"/> to before <paramref name="End"/>, and the layers by which it is compared with others.</summary>
    private readonly record struct Unit(int Start, int End, string Layers);
}
