namespace OnnxFineTune.Surgery;

/// <summary>Explains why a value cannot be the cut, and what can.</summary>
internal static class CutAdvice
{
    private const int MostNamed = 4;

    /// <summary>The error for a value that cuts none of the outputs off.</summary>
    public static string For(Value value, IReadOnlyList<DataPaths> paths)
    {
        DataPaths? through = paths.FirstOrDefault(p => p.Contains(value));
        if (through is null)
        {
            string[] cuts = [.. paths.SelectMany(p => p.Cuts).Select(v => v.Name).Distinct()];
            return $"'{value.Name}' cannot be the cut: no data flows from an input through it to an output.{NearestNames.Hint(value.Name, cuts)}";
        }
        Value[] around = [.. through.Around(value)];
        string names = string.Join(", ", around.Take(MostNamed).Select(v => $"'{v.Name}'")) + (around.Length > MostNamed ? $" and {around.Length - MostNamed} more" : "");
        (Value? before, Value? after) = through.NearestCuts(value);
        string[] instead = [.. new[] { (before, "before it"), (after, "behind it") }.Where(c => c.Item1 is not null).Select(c => $"'{c.Item1!.Name}' {c.Item2}")];
        string remedy = instead.Length == 0 ? "Use another value" : $"Cut at {string.Join(" or at ", instead)}";
        return $"'{value.Name}' alone does not cut the model: {names} {(around.Length == 1 ? "goes" : "go")} round it and would have to be cut too. {remedy}, or drop what goes round (`dropBypass: true`, `--drop-bypass`).";
    }
}
