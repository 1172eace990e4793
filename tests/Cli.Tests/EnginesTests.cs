using System.Text.Json;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>engines</c>, and <c>train --engine</c>.</summary>
[TestClass]
public sealed class EnginesTests
{
    [TestMethod]
    public async Task EachEngineSaysWhetherItCanRunHereAndWhyNot()
    {
        CommandResult result = await CommandLine.SucceedAsync("engines");
        string[] expected = [.. TrainingEngine.All.SelectMany(e => new[] { $"{e.Name} {e.Description}", e.Reason is null ? "Can run here." : $"Cannot run here. {e.Reason}" })];
        CollectionAssert.AreEqual(expected, result.Lines.Select(l => System.Text.RegularExpressions.Regex.Replace(l.Trim(), " {2,}", " ")).ToArray());
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    public async Task EnginesAsJson()
    {
        JsonElement[] engines = [.. (await CommandLine.SucceedAsync("engines", "--json")).Json.GetProperty("engines").EnumerateArray()];
        CollectionAssert.AreEqual((string[])["step-graph", "ort-training"], engines.Select(e => e.GetProperty("name").GetString()).ToArray());
        Assert.IsTrue(engines[0].GetProperty("isAvailable").GetBoolean());
        Assert.AreEqual(JsonValueKind.Null, engines[0].GetProperty("reason").ValueKind);
        Assert.AreEqual(TrainingEngine.OrtTraining.IsAvailable, engines[1].GetProperty("isAvailable").GetBoolean());
        Assert.AreEqual(TrainingEngine.OrtTraining.Reason, engines[1].GetProperty("reason").GetString());
    }

    [TestMethod]
    public async Task TheDefaultEngineCanBeNamed()
    {
        using TempFolder folder = new();
        await CommandLine.SucceedAsync(Train(folder, "step-graph"));
        Assert.IsTrue(File.Exists(folder["out", FineTuning.ModelFileName]));
    }

    [TestMethod]
    public async Task AnEngineThatCannotRunHereFailsAtOnceAndSaysWhy()
    {
        if (TrainingEngine.OrtTraining.Reason is not { } reason)
            throw new AssertInconclusiveException("The native ONNX Runtime is a training build: every engine can run here.");
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(Train(folder, "ort-training"));
        Assert.AreEqual(1, result.Code);
        Assert.AreEqual($"error: {reason}\n", result.Error);
        Assert.AreEqual("", result.Output, "work was done before the engine was asked");
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    private static string[] Train(TempFolder folder, string engine) =>
        ["train", "--model", folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], "--no-cache", "--epochs", "1", "--engine", engine];
}
