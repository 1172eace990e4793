using System.Diagnostics;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Runs a built program as a process of its own, as a user would.</summary>
internal static class ProgramRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>The configuration and framework folder that the tests were built in, which is that of the programs too: <c>Debug/net10.0</c>.</summary>
    private static readonly string BuiltIn = Path.GetRelativePath(Path.Combine(AppContext.BaseDirectory, "..", ".."), AppContext.BaseDirectory);

    /// <summary><c>onnxft.dll</c> as built.</summary>
    public static string Onnxft { get; } = Repository.File("Cli", "bin", BuiltIn, "onnxft.dll");

    /// <summary>The README's program as built.</summary>
    public static string ReadmeExample { get; } = Repository.File("tests", "ReadmeExample", "bin", BuiltIn, "OnnxFineTune.ReadmeExample.dll");

    /// <summary>Runs a program to its end.</summary>
    /// <param name="folder">Working directory; also the program's home, so that nothing is kept in the user's.</param>
    public static async Task<CommandResult> RunAsync(string program, string folder, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [program, .. args]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string home in (string[])["HOME", "XDG_DATA_HOME", "LOCALAPPDATA"])
            start.Environment[home] = Path.Combine(folder, "home");
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = new(Limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
