using System.Text.RegularExpressions;

namespace OnnxFineTune.Surgery;

/// <summary>Names in which * stands for any characters and ? for one; several are separated by commas. Upper and lower case differ.</summary>
internal sealed class NamePattern
{
    private readonly Regex? _regex;

    public NamePattern(string text)
    {
        string[] globs = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string expression = string.Join('|', globs.Select(g => Regex.Escape(g).Replace("\\*", ".*").Replace("\\?", ".")));
        _regex = globs.Length == 0 ? null : new Regex($"\\A(?:{expression})\\z", RegexOptions.NonBacktracking | RegexOptions.Singleline);
    }

    /// <summary>Whether a name is one of those.</summary>
    public bool Fits(string name) => _regex?.IsMatch(name) ?? false;
}
