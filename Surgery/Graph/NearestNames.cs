namespace OnnxFineTune.Surgery;

/// <summary>Suggestions for a misspelt name.</summary>
public static class NearestNames
{
    /// <summary>The names with the smallest edit distance to <paramref name="name"/> (Levenshtein 1966), nearest first.</summary>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> candidates, int count = 3) =>
        [.. candidates.Select(c => (Name: c, Distance: Distance(name.ToLowerInvariant(), c.ToLowerInvariant())))
            .OrderBy(c => c.Distance).ThenBy(c => c.Name, StringComparer.Ordinal).Take(count).Select(c => c.Name)];

    /// <summary>A sentence such as <c> Did you mean 'a', 'b'?</c> with a space in front, empty where there are no candidates.</summary>
    public static string Hint(string name, IEnumerable<string> candidates)
    {
        IReadOnlyList<string> nearest = Of(name, candidates);
        return nearest.Count == 0 ? "" : $" Did you mean {string.Join(", ", nearest.Select(n => $"'{n}'"))}?";
    }

    /// <summary>How many letters have to be changed, added or removed to turn one text into the other.</summary>
    public static int Distance(string a, string b)
    {
        if (a.Length == 0)
            return b.Length;
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
