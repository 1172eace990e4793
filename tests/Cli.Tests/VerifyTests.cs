using System.Text.Json;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>artifacts --verify</c>: what is wrong with artifacts, a line each, before a runtime sees them.</summary>
[TestClass]
public sealed class VerifyTests
{
    [TestMethod]
    [DataRow("--head linear:2")]
    [DataRow("--head linear:2 --from-features --dropout 0.5 --accumulate")]
    [DataRow("--head mlp:8:2 --trainable all --optimizer sgd --clip 1")]
    [DataRow("--loss mse --nominal --optimizer adamw-hf")]
    public async Task ArtifactsThatAreMadeHereAreSound(string options)
    {
        using TempFolder folder = new();
        string made = await MakeAsync(folder, options);
        CommandResult result = await CommandLine.SucceedAsync("artifacts", "--verify", made);
        Assert.AreEqual($"{made}: the artifacts are as the runtime takes them.\n", result.Output);
        JsonElement json = (await CommandLine.SucceedAsync("artifacts", "--verify", made, "--json")).Json;
        Assert.IsTrue(json.GetProperty("valid").GetBoolean());
        Assert.AreEqual(0, json.GetProperty("findings").GetArrayLength());
    }

    [TestMethod]
    public async Task EachFaultIsALine()
    {
        using TempFolder folder = new();
        string made = await MakeAsync(folder, "--head linear:2"), training = Path.Combine(made, TrainingArtifacts.TrainingModelFile);
        Model model = Model.Load(training);
        model.IrVersion = 11;
        model.Save(training);
        File.Delete(Path.Combine(made, TrainingArtifacts.OptimizerModelFile));
        IReadOnlyList<string> findings = ArtifactVerification.Check(made);
        Assert.HasCount(2, findings);
        CommandResult result = await CommandLine.RunAsync("artifacts", "--verify", made);
        Assert.AreEqual(1, result.Code);
        CollectionAssert.AreEqual((string[])[.. findings, $"{made}: 2 faults."], result.Lines);
        CommandResult json = await CommandLine.RunAsync("artifacts", "--verify", made, "--json");
        Assert.AreEqual(1, json.Code);
        Assert.IsFalse(json.Json.GetProperty("valid").GetBoolean());
        CollectionAssert.AreEqual(findings.ToArray(), json.Json.GetProperty("findings").EnumerateArray().Select(f => f.GetString()).ToArray());
    }

    [TestMethod]
    public async Task AMissingFolderIsAFault()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync("artifacts", "--verify", folder["nowhere"]);
        Assert.AreEqual(1, result.Code);
        CollectionAssert.AreEqual((string[])[$"There is no folder '{folder["nowhere"]}'; give the one that holds the artifacts.", $"{folder["nowhere"]}: 1 fault."], result.Lines);
    }

    private static async Task<string> MakeAsync(TempFolder folder, string options)
    {
        await CommandLine.SucceedAsync(["artifacts", "--model", folder.Residual(), "--out", folder["out"], .. options.Split(' ')]);
        return folder["out"];
    }
}
