using System.ComponentModel;
using System.Diagnostics;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Whether Node and the package with the training runtime are here; a build server must have both.</summary>
internal static class RuntimePresence
{
    private static readonly Lazy<(string Host, string? Absent)> Found = new(Find);

    /// <summary>The path of <c>host.mjs</c>.</summary>
    /// <exception cref="AssertInconclusiveException">Node or the package is absent; with CI=true that is a failure.</exception>
    public static string Host => Found.Value switch
    {
        { Absent: null } found => found.Host,
        { Absent: { } reason } when Environment.GetEnvironmentVariable("CI") == "true" => throw new AssertFailedException($"{reason} With CI=true these tests must run."),
        { Absent: { } reason } => throw new AssertInconclusiveException(reason),
    };

    private static (string Host, string? Absent) Find()
    {
        string folder = Path.Combine(RepositoryRoot(), "tests", "OrtTraining.Tests", "Runtime");
        string? absent = !HasNode() ? "Node is not installed: ONNX Runtime's training build runs in it as WebAssembly."
            : !Directory.Exists(Path.Combine(folder, "node_modules", "onnxruntime-web")) ? "The training runtime is not installed: npm ci --prefix tests/OrtTraining.Tests/Runtime."
            : null;
        return (Path.Combine(folder, "host.mjs"), absent);
    }

    private static bool HasNode()
    {
        try
        {
            using Process node = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true })!;
            node.WaitForExit();
            return node.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "OnnxFineTune.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests do not lie in a checkout: no OnnxFineTune.sln above them.");
    }
}
