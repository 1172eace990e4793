using OnnxFineTune.Cli;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Runs commands in this process.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command that must succeed.</summary>
    public static async Task SucceedAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(0, await new Application(output, error, interactive: false).RunAsync(args, CancellationToken.None), error.ToString());
    }
}
