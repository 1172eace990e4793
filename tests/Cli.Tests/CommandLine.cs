using System.Text.Json;

namespace OnnxFineTune.Cli.Tests;

/// <summary>What a command gave.</summary>
internal sealed record CommandResult(int Code, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Lines of standard output.</summary>
    public string[] Lines => Output.TrimEnd('\n').Split('\n');
}

/// <summary>Runs commands in this process, as if redirected to files.</summary>
internal static class CommandLine
{
    public static Task<CommandResult> RunAsync(params string[] args) => RunAsync(new StringWriter(), CancellationToken.None, args);

    public static async Task<CommandResult> RunAsync(StringWriter output, CancellationToken cancellation, params string[] args)
    {
        using StringWriter error = new();
        int code = await new Application(output, error, interactive: false).RunAsync(args, cancellation);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that must succeed.</summary>
    public static async Task<CommandResult> SucceedAsync(params string[] args)
    {
        CommandResult result = await RunAsync(args);
        Assert.AreEqual(0, result.Code, result.Error);
        return result;
    }
}
