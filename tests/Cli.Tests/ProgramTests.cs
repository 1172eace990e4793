using System.Diagnostics;
using System.Runtime.InteropServices;
using OnnxFineTune.Models;

namespace OnnxFineTune.Cli.Tests;

/// <summary>What only the process shows: version, streams, signals.</summary>
[TestClass]
public sealed class ProgramTests
{
    [TestMethod]
    public async Task VersionIsANumber()
    {
        using TempFolder folder = new();
        StringAssert.Matches((await ProgramRun.RunAsync(ProgramRun.Onnxft, folder.Path, "--version")).Output, new(@"^\d+\.\d+\.\d+\r?\n$"));
    }

    [TestMethod]
    public async Task RedirectedOutputHasNoEscapeCodesAndNoBrokenLines()
    {
        using TempFolder folder = new();
        string model = folder.Save(ClassifierModels.Build("Gemm", "Dropout", "Softmax", isDynamic: true));
        CommandResult train = await ProgramRun.RunAsync(ProgramRun.Onnxft, folder.Path, "train", "--model", model, "--images", folder.Pictures(), "--test", folder["pictures"], "--out", "out", "--no-cache", "--epochs", "2");
        CommandResult inspect = await ProgramRun.RunAsync(ProgramRun.Onnxft, folder.Path, "inspect", folder["out", "model.onnx"]);
        foreach (CommandResult result in (CommandResult[])[train, inspect])
        {
            Assert.AreEqual(0, result.Code, result.Error);
            Assert.AreEqual("", result.Error);
            Assert.DoesNotContain("\u001b", result.Output);
            Assert.IsFalse(result.Lines.Any(l => l.EndsWith(' ')), result.Output);
        }
        Assert.IsTrue(inspect.Lines.Any(l => l.StartsWith("onnxft.preprocessing ", StringComparison.Ordinal) && l.EndsWith('}') && l.Length > 160), inspect.Output);
    }

    /// <summary>Weights of half a megabyte: libraries below may write to the console for themselves where files are large.</summary>
    [TestMethod]
    public async Task NothingButTheJsonObjectReachesStandardOutput()
    {
        using TempFolder folder = new();
        string[][] commands =
        [
            ["artifacts", "--model", Repository.FashionModel, "--out", "device", "--json"], ["artifacts", "--verify", "device", "--json"],
            ["export", "--artifacts", "device", "--out", "tuned.onnx", "--json"], ["engines", "--json"],
        ];
        foreach (string[] command in commands)
        {
            CommandResult result = await ProgramRun.RunAsync(ProgramRun.Onnxft, folder.Path, command);
            Assert.AreEqual(0, result.Code, result.Error);
            Assert.AreEqual(System.Text.Json.JsonValueKind.Object, result.Json.ValueKind);
        }
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    [DataRow(2, DisplayName = "SIGINT")]
    [DataRow(15, DisplayName = "SIGTERM")]
    public async Task ASignalSavesWhatWasLearned(int signal)
    {
        using TempFolder folder = new();
        ProcessStartInfo start = new("dotnet", [ProgramRun.Onnxft, "train", "--model", folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], "--no-cache", "--epochs", "1000000"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            while (await process.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("epoch 2/", StringComparison.Ordinal))
                continue;
            Assert.AreEqual(0, Kill(process.Id, signal));
            Task<string> rest = process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
            Assert.AreEqual(130, process.ExitCode, await error);
            Assert.Contains("Interrupted. What was learned so far is saved", await rest);
            Assert.IsTrue(File.Exists(folder["out", "model.onnx"]));
        }
        finally
        {
            process.Kill();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
