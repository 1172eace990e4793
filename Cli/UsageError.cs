using System.CommandLine;
using System.CommandLine.Parsing;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary>What is wrong with the words on the command line, in one sentence.</summary>
internal static class UsageError
{
    private const int MostTypos = 3;

    /// <summary>The first error, or null.</summary>
    public static string? In(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0)
            return Unknown(parsed.UnmatchedTokens[0], command);
        if (parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(o => o.Tokens.Any(t => t.Value.Length == 0)) is { } empty)
            return $"{empty.Option.Name} is empty.";
        return parsed.Errors.Count > 0 ? parsed.Errors[0].Message : null;
    }

    private static string Unknown(string word, Command command)
    {
        bool isOption = word.StartsWith('-');
        string[] known = [.. isOption ? command.Options.Select(o => o.Name).Append("--json") : command.Subcommands.Select(c => c.Name)];
        string where = command is RootCommand ? "" : $" of {command.Name}";
        string what = isOption ? $"There is no option '{word}'{where}." : known.Length > 0 ? $"There is no verb '{word}'." : $"'{word}' is one word too many: {command.Name} takes {Arguments(command)}.";
        return what + Hint(word, known);
    }

    private static string Arguments(Command command) => command.Arguments.Count == 0 ? "options only" : $"options and {string.Join(", ", command.Arguments.Select(a => $"<{a.Name}>"))}";

    /// <summary>Names that are near enough to be meant.</summary>
    private static string Hint(string word, string[] known)
    {
        string[] near = [.. NearestNames.Of(word, known, 1).Where(n => NearestNames.Distance(word, n) <= MostTypos)];
        return NearestNames.Hint(word, near);
    }
}
