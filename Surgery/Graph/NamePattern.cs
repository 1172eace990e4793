using System.Text.RegularExpressions;

namespace OnnxFineTune.Surgery;

/// <summary>Patterns of names, in which * stands for any characters and ? for one; several are separated by commas. Upper and lower case differ.</summary>
internal sealed class NamePattern
{
    private readonly Regex? _regex;

    public NamePattern(string pattern)
    {
        string[] globs = pattern.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string expression = string.Join('|', globs.Select(g => Regex.Escape(g).Replace("\\*", ".*").Replace("\\?", ".")));
        if (globs.Length > 0)
            _regex = new Regex($"\\A(?:{expression})\\z", RegexOptions.NonBacktracking | RegexOptions.Singleline);
    }

    /// <summary>Whether one of the patterns fits; an empty pattern fits nothing.</summary>
    public bool Fits(string name) => _regex?.IsMatch(name) ?? false;
}
