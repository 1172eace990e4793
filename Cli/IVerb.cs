using System.CommandLine;

namespace OnnxFineTune.Cli;

/// <summary>One verb of the command line: parses, calls one library method, prints.</summary>
internal interface IVerb
{
    /// <summary>The command with its arguments and options.</summary>
    Command Build();

    /// <summary>Runs it.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation);
}

/// <summary>Wrong words on the command line that only the verb itself can see.</summary>
internal sealed class UsageException(string message) : Exception(message);
