using System.Text.Json;
using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Every verb as it is meant to be used, for people and for programs.</summary>
[TestClass]
public sealed class VerbTests
{
    [TestMethod]
    public async Task InspectTellsWhatAModelIsMadeOf()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("inspect", folder.Residual());
        Assert.AreEqual("residual.onnx", result.Lines[0]);
        StringAssert.Matches(result.Output, new(@"^inputs +x: Float \[N, 3, 8, 8\]$", System.Text.RegularExpressions.RegexOptions.Multiline));
        StringAssert.Matches(result.Output, new(@"^classifier +Gemm, 5 classes \(Gemm → Softmax\) on active: Float \[batch, 6\]$", System.Text.RegularExpressions.RegexOptions.Multiline));
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    public async Task InspectAsJsonListsEveryCut()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("inspect", "--json", folder.Residual());
        Assert.AreEqual("active", result.Json.GetProperty("classifier").GetProperty("features").GetProperty("name").GetString());
        CollectionAssert.IsSubsetOf((string[])["stem", "block", "pooled", "flat", "hidden", "active"],
            result.Json.GetProperty("cutPoints").EnumerateArray().Select(c => c.GetProperty("value").GetProperty("name").GetString()).ToArray());
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    public async Task InspectShowsTheLastCutsUnlessAllAreAskedFor()
    {
        using TempFolder folder = new();
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value value = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 8, 8));
        for (int i = 0; i < 20; i++)
            graph.Rename(value = b.Relu(value), $"relu{i:D2}");
        graph.AddOutput(value);
        string model = folder.Save(new Model(graph) { Opset = GraphBuilder.WorkingOpset });
        string some = (await CommandLine.SucceedAsync("inspect", model)).Output, all = (await CommandLine.SucceedAsync("inspect", model, "--all")).Output;
        Assert.DoesNotContain("relu02 ", some);
        Assert.Contains("relu18 ", some);
        Assert.Contains("relu02 ", all);
    }

    [TestMethod]
    public async Task TrainTellsWhatItDidAndSavesTheModel()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync(Train(folder, "--epochs", "3", "--test", folder.Pictures("test", perClass: 3)));
        Assert.AreEqual(1, result.Lines.Count(l => l.StartsWith("features of 20 pictures: ", StringComparison.Ordinal)), result.Output);
        Assert.AreEqual(3, result.Lines.Count(l => l.StartsWith("epoch ", StringComparison.Ordinal)), result.Output);
        StringAssert.Matches(result.Output, new(@"cut at \S+; 8 parameters trained, 0 as they were\naccuracy: training \d+\.\d %, validation \d+\.\d %, test \d+\.\d %\n"));
        StringAssert.Matches(result.Lines[^1], new($@"^Saved: {folder["out", "model.onnx"]} \(\d+\.\d s\)$"));
        Assert.AreEqual("", result.Error);
        CollectionAssert.AreEqual((string[])["green", "red"], Model.Load(folder["out", "model.onnx"]).GetLabels()!.ToArray());
    }

    [TestMethod]
    public async Task TrainAsJsonReportsAccuraciesParametersAndTheFile()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync(Train(folder, "--json", "--lr", "1", "--test", folder.Pictures("test", perClass: 3)));
        JsonElement json = result.Json;
        Assert.AreEqual(1, json.GetProperty("trainAccuracy").GetDouble());
        Assert.AreEqual(1, json.GetProperty("validationAccuracy").GetDouble());
        Assert.AreEqual(1, json.GetProperty("testAccuracy").GetDouble());
        Assert.AreEqual(20, json.GetProperty("epochs").GetInt32());
        Assert.AreEqual(8, json.GetProperty("trainedParameters").GetInt64());
        Assert.AreEqual(0, json.GetProperty("frozenParameters").GetInt64());
        Assert.IsGreaterThan(0, json.GetProperty("seconds").GetDouble());
        Assert.AreEqual(folder["out", "model.onnx"], json.GetProperty("model").GetString());
        Assert.Contains("epoch 20/20: ", result.Error);
    }

    [TestMethod]
    public async Task EvaluateMeasuresATunedModel()
    {
        using TempFolder folder = new();
        string model = await TunedAsync(folder);
        CommandResult plain = await CommandLine.SucceedAsync("evaluate", "--model", model, "--images", folder["pictures"]);
        StringAssert.StartsWith(plain.Output, "accuracy 100.0 %, loss 0.");
        StringAssert.Contains(plain.Output, "on 20 pictures");
        JsonElement json = (await CommandLine.SucceedAsync("evaluate", "--model", model, "--images", folder["pictures"], "--json")).Json;
        Assert.AreEqual(1, json.GetProperty("accuracy").GetDouble());
        Assert.AreEqual(20, json.GetProperty("pictures").GetInt32());
        Assert.AreEqual("[[10,0],[0,10]]", JsonSerializer.Serialize(json.GetProperty("confusion")));
    }

    [TestMethod]
    public async Task PredictNamesEachPicture()
    {
        using TempFolder folder = new();
        string model = await TunedAsync(folder);
        string red = folder["pictures", "red", "00.png"], green = folder["pictures", "green", "00.png"];
        CommandResult plain = await CommandLine.SucceedAsync("predict", "--model", model, red, green);
        StringAssert.Matches(plain.Lines[0], new($@"^{red}: red \d+\.\d %, green \d+\.\d %$"));
        StringAssert.Matches(plain.Lines[1], new($@"^{green}: green \d+\.\d %, red \d+\.\d %$"));
        JsonElement first = (await CommandLine.SucceedAsync("predict", "--json", "--top", "1", "--model", model, red)).Json.GetProperty("predictions")[0];
        Assert.AreEqual("red", first.GetProperty("label").GetString());
        Assert.IsGreaterThan(0.5, first.GetProperty("probability").GetDouble());
        Assert.AreEqual(1, first.GetProperty("classes").GetArrayLength());
    }

    [TestMethod]
    public async Task DemoShowsTheWholeWay()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("demo", "--out", folder["demo"]);
        foreach (string heading in (string[])["The network", "The new task", "The operation", "Training", "On the test pictures"])
            CollectionAssert.Contains(result.Lines, heading);
        foreach (string fact in (string[])["it knows ", "it shall learn ", "cut at ", "frozen ", "trained ", "bag/0000.png ", "Saved "])
            Assert.IsTrue(result.Lines.Any(l => l.StartsWith(fact, StringComparison.Ordinal)), fact);
        Assert.IsTrue(File.Exists(folder["demo", "model.onnx"]));
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    public async Task DemoAsJsonLearns()
    {
        using TempFolder folder = new();
        JsonElement json = (await CommandLine.SucceedAsync("demo", "--json", "--out", folder["demo"])).Json;
        Assert.IsLessThan(0.5, json.GetProperty("accuracyBefore").GetDouble());
        Assert.IsGreaterThan(0.7, json.GetProperty("testAccuracy").GetDouble());
    }

    /// <summary>Training the colour classifier on red and green.</summary>
    private static string[] Train(TempFolder folder, params string[] more) =>
        ["train", "--model", folder.Save(ColorClassifier.Build(), "colors.onnx"), "--images", folder.Pictures(), "--out", folder["out"], "--no-cache", "--preprocess", "zero-to-one", .. more];

    private static async Task<string> TunedAsync(TempFolder folder)
    {
        await CommandLine.SucceedAsync(Train(folder, "--lr", "1"));
        return folder["out", "model.onnx"];
    }
}
