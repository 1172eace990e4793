using System.Text.Json;
using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>export</c>: what a device has learned, back in an ordinary model.</summary>
[TestClass]
public sealed class ExportTests
{
    /// <summary>The device "learns" to call red green, green blue and blue red.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task ArtifactsThenExportThenPredict(bool checkpointElsewhere)
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Save(ColorClassifier.Build(), "colors.onnx"), "--labels red,green,blue --preprocess zero-to-one");
        string learned = checkpointElsewhere ? folder["learned"] : folder["artifacts", TrainingArtifacts.CheckpointFile];
        Checkpoint checkpoint = TrainingArtifacts.Load(folder["artifacts"]).Checkpoint;
        (checkpoint with { Trainable = checkpoint.Trainable.ToDictionary(p => p.Key, p => TensorData.FromFloats([0, 1, 0, 0, 0, 1, 1, 0, 0], 3, 3)) }).Write(learned);
        JsonElement json = await ExportAsync(folder, checkpointElsewhere ? $"--checkpoint {learned}" : "");
        Assert.AreEqual(9, json.GetProperty("trainedParameters").GetInt64());
        Assert.AreEqual(learned, json.GetProperty("checkpoint").GetString());
        Assert.AreEqual(new FileInfo(folder["tuned.onnx"]).Length, json.GetProperty("bytes").GetInt64());
        CommandResult result = await CommandLine.SucceedAsync("predict", "--model", folder["tuned.onnx"], "--top", "1", Path.Combine(folder.Pictures(classes: 3), "red", "00.png"),
            folder["pictures", "green", "00.png"], folder["pictures", "blue", "00.png"]);
        CollectionAssert.AreEqual((string[])["green", "blue", "red"], result.Lines.Select(l => l.Split(' ')[^3]).ToArray());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("--from-features")]
    [DataRow("--from-features --trainable from:flat")]
    [DataRow("--from-features --trainable from:stem")]
    [DataRow("--trainable all")]
    public async Task UntrainedArtifactsGiveTheModelBack(string options)
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Residual(), options);
        _ = await ExportAsync(folder, "");
        Model tuned = Model.Load(folder["tuned.onnx"]);
        Assert.AreEqual("x", tuned.Graph.FeedInputs.Single().Name);
        Assert.AreEqual("probabilities", tuned.Graph.Outputs.Single().Name);
        await AssertPredictsAsAsync(folder, folder.Residual(), folder["tuned.onnx"]);
    }

    [TestMethod]
    public async Task FeaturesAndNotGiveTheSameModelWithAnAttachedHead()
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Residual(), "--head mlp:8:3 --dropout 0.5 --from-features");
        _ = await ExportAsync(folder, "");
        File.Move(folder["tuned.onnx"], folder["apart.onnx"]);
        await ArtifactsAsync(folder, folder.Residual(), "--head mlp:8:3 --dropout 0.5");
        _ = await ExportAsync(folder, "");
        await AssertPredictsAsAsync(folder, folder["apart.onnx"], folder["tuned.onnx"]);
    }

    [TestMethod]
    public async Task TheFashionModelPredictsAsBefore()
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, Repository.FashionModel, "--from-features");
        _ = await ExportAsync(folder, "");
        string picture = Repository.File("samples", "clothes", "test", "bag", "0000.png");
        CommandResult before = await CommandLine.SucceedAsync("predict", "--model", Repository.FashionModel, picture);
        CommandResult after = await CommandLine.SucceedAsync("predict", "--model", folder["tuned.onnx"], picture);
        Assert.AreEqual(before.Output, after.Output);
    }

    [TestMethod]
    public async Task ABaseModelKeepsAllThatIsNotInTheCheckpoint()
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Residual(), "--from-features");
        Checkpoint checkpoint = TrainingArtifacts.Load(folder["artifacts"]).Checkpoint;
        TensorData learned = TensorData.FromFloats([5, 4, 3, 2, 1], 5);
        (checkpoint with { Trainable = checkpoint.Trainable.ToDictionary(p => p.Key, p => p.Key == "fc2.b" ? learned : p.Value) }).Write(folder["learned"]);
        _ = await ExportAsync(folder, $"--model {folder.Residual()} --checkpoint {folder["learned"]}");
        Graph original = Model.Load(folder.Residual()).Graph, tuned = Model.Load(folder["tuned.onnx"]).Graph;
        CollectionAssert.AreEqual((string[])["scores", "aux"], tuned.Outputs.Select(o => o.Name).ToArray());
        foreach (Value weight in tuned.Initializers)
            CollectionAssert.AreEqual((weight.Name == "fc2.b" ? learned : original.Get(weight.Name).Data!).Bytes.ToArray(), weight.Data!.Bytes.ToArray(), weight.Name);
    }

    [TestMethod]
    public async Task LabelsReplaceThoseOfTheArtifacts()
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Residual(), "--head linear --labels cat,dog");
        Assert.AreEqual("[\"cat\",\"dog\"]", JsonSerializer.Serialize((await ExportAsync(folder, "")).GetProperty("labels")));
        Assert.AreEqual("[\"Katze\",\"Hund\"]", JsonSerializer.Serialize((await ExportAsync(folder, "--labels Katze,Hund")).GetProperty("labels")));
        CollectionAssert.AreEqual((string[])["Katze", "Hund"], Model.Load(folder["tuned.onnx"]).GetLabels()!.ToArray());
    }

    [TestMethod]
    public async Task PeopleReadWhatWasTakenFromWhere()
    {
        using TempFolder folder = new();
        await ArtifactsAsync(folder, folder.Residual(), "--head linear --labels cat,dog");
        Checkpoint checkpoint = TrainingArtifacts.Load(folder["artifacts"]).Checkpoint;
        OptimizerGroup group = new()
        {
            Step = 1500,
            Moments = checkpoint.Trainable.ToDictionary(p => p.Key, p => (IReadOnlyDictionary<string, TensorData>)new Dictionary<string, TensorData> { ["momentum0"] = p.Value, ["momentum1"] = p.Value }),
        };
        (checkpoint with { OptimizerGroups = [group] }).Write(folder["learned"]);
        CommandResult result = await CommandLine.SucceedAsync("export", "--artifacts", folder["artifacts"], "--checkpoint", folder["learned"], "--out", folder["tuned.onnx"]);
        Assert.AreEqual($"14 parameters from {folder["learned"]} after 1,500 steps: head.weight, head.bias", result.Lines[0]);
        Assert.AreEqual("classes: cat, dog", result.Lines[1]);
        StringAssert.Matches(result.Lines[2], new($@"^Saved: {folder["tuned.onnx"]} \(\d+ KiB\)$"));
        Assert.AreEqual("", result.Error);
    }

    private static Task ArtifactsAsync(TempFolder folder, string model, string options) =>
        CommandLine.SucceedAsync(["artifacts", "--model", model, "--out", folder["artifacts"], .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

    private static async Task<JsonElement> ExportAsync(TempFolder folder, string options) =>
        (await CommandLine.SucceedAsync(["export", "--artifacts", folder["artifacts"], "--out", folder["tuned.onnx"], "--json", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).Json;

    /// <summary>Both files give the same probabilities for the same pictures.</summary>
    private static async Task AssertPredictsAsAsync(TempFolder folder, string expected, string actual)
    {
        string[] pictures = Directory.GetFiles(folder.Pictures(perClass: 3), "*.png", SearchOption.AllDirectories);
        double[] before = await ProbabilitiesAsync(expected, pictures), after = await ProbabilitiesAsync(actual, pictures);
        Assert.AreEqual(before.Length, after.Length);
        Assert.IsGreaterThan(1, before.Distinct().Count());
        for (int i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], after[i], 1e-6);
    }

    /// <summary>The probabilities of all classes, in their order, picture after picture.</summary>
    private static async Task<double[]> ProbabilitiesAsync(string model, string[] pictures)
    {
        JsonElement predictions = (await CommandLine.SucceedAsync(["predict", "--json", "--model", model, "--top", "5", .. pictures])).Json.GetProperty("predictions");
        return [.. predictions.EnumerateArray().SelectMany(p => p.GetProperty("classes").EnumerateArray().OrderBy(c => c.GetProperty("label").GetString(), StringComparer.Ordinal))
            .Select(c => c.GetProperty("probability").GetDouble())];
    }
}
