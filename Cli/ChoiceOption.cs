using System.CommandLine;

namespace OnnxFineTune.Cli;

/// <summary>Makes options that take one of a few words.</summary>
internal static class ChoiceOption
{
    /// <summary>An option with a default; the help shows the words.</summary>
    public static Option<string> Of(string name, string text, string value, params string[] words)
    {
        Option<string> option = Of<string>(name, text, string.Join('|', words), words);
        option.DefaultValueFactory = _ => value;
        return option;
    }

    /// <summary>An option that is null when it is not given; the help shows <paramref name="unit"/> for the words, which the text explains.</summary>
    public static Option<string?> Optional(string name, string text, string unit, IEnumerable<string> words) => Of<string?>(name, text, unit, [.. words]);

    private static Option<T> Of<T>(string name, string text, string unit, string[] words)
    {
        Option<T> option = new(name) { Description = text, HelpName = unit };
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value is var word && !words.Contains(word))
                result.AddError($"{name} cannot be '{word}': give {string.Join(", ", words[..^1])} or {words[^1]}.");
        });
        return option;
    }
}
