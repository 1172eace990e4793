using System.CommandLine;

namespace OnnxFineTune.Cli;

/// <summary><c>--labels</c>: names of classes, on the command line or one a line in a text file.</summary>
internal static class LabelsOption
{
    private const string Name = "--labels";

    public static Option<string?> Of(string text) => new(Name) { Description = text, HelpName = "A,B,…|FILE" };

    /// <summary>The names in output order; null where the option is not given.</summary>
    /// <exception cref="UsageException">The file does not exist or is no list of names, or a name is empty or stands twice.</exception>
    public static IReadOnlyList<string>? Read(string? text)
    {
        if (text is null)
            return null;
        bool isList = text.Contains(',') && !File.Exists(text);
        if (!isList && !File.Exists(text))
            throw new UsageException($"{Name} is '{text}', and there is no such file: give the names separated by commas, or a text file with one name a line.");
        string[] labels = isList ? text.Split(',', StringSplitOptions.TrimEntries) : [.. File.ReadAllLines(text).Select(l => l.Trim()).Where(l => l.Length > 0)];
        string source = isList ? Name : $"'{text}'";
        if (labels.Length == 0)
            throw new UsageException($"{source} holds no names: give one a line.");
        if (labels.FirstOrDefault(l => l.Length == 0 || l.Any(char.IsControl)) is { } wrong)
            throw new UsageException(wrong.Length == 0 ? $"{source} has an empty name: give the names separated by single commas." : $"{source} is no text file with one name a line.");
        if (labels.GroupBy(l => l).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new UsageException($"{source} names '{twice.Key}' twice: give each class a name of its own.");
        return labels;
    }
}
