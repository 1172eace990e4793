using System.Text.Json;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary>The options of <c>train</c> reach the library.</summary>
[TestClass]
public sealed class TrainOptionTests
{
    /// <summary>The residual network has 329 parameters: 108 stem, 148 block, 30 fc1, 35 fc2, 8 aux.</summary>
    [TestMethod]
    [DataRow("", "active", 14, 286)]
    [DataRow("--cut flat", "flat", 10, 256)]
    [DataRow("--cut inner --drop-bypass", "inner", 10, 256)]
    [DataRow("--remove-last 1", "active", 14, 286)]
    [DataRow("--remove-last 2", "flat", 10, 256)]
    [DataRow("--head mlp:8", "active", 74, 286)]
    [DataRow("--head mlp:8,4 --dropout 0.5", "active", 102, 286)]
    [DataRow("--cut block --head conv", "block", 10, 256)]
    [DataRow("--trainable all", "active", 300, 0)]
    [DataRow("--trainable from:flat", "active", 44, 256)]
    [DataRow("--trainable blocks:2", "active", 192, 108)]
    [DataRow("--trainable biases", "active", 24, 276)]
    [DataRow("--trainable fc1.*,head*", "active", 44, 256)]
    public async Task WhatIsCutAttachedAndTrained(string options, string cutAt, int trained, int frozen)
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, options);
        Assert.AreEqual(cutAt, json.GetProperty("cutAt").GetString());
        Assert.AreEqual(trained, json.GetProperty("trainedParameters").GetInt64());
        Assert.AreEqual(frozen, json.GetProperty("frozenParameters").GetInt64());
    }

    [TestMethod]
    [DataRow("--batch 4")]
    [DataRow("--lr 0.1")]
    [DataRow("--optimizer adam --weight-decay 0.5")]
    [DataRow("--optimizer sgd")]
    [DataRow("--optimizer nesterov --momentum 0.5")]
    [DataRow("--weight-decay 1")]
    [DataRow("--schedule constant")]
    [DataRow("--schedule one-cycle")]
    [DataRow("--warmup 2")]
    [DataRow("--clip 0.001 --optimizer sgd")]
    [DataRow("--label-smoothing 0.3")]
    [DataRow("--validation 0.4")]
    [DataRow("--seed 7")]
    [DataRow("--dropout 0.5")]
    [DataRow("--preprocess caffe")]
    public async Task HowIsTrainedChangesTheLosses(string options)
    {
        using TempFolder folder = new();
        string usual = Losses(await TrainAsync(folder, "")), changed = Losses(await TrainAsync(folder, options));
        Assert.AreNotEqual(usual, changed);
    }

    [TestMethod]
    [DataRow("--optimizer sgd", "--optimizer sgd --clip 0.001")]
    [DataRow("--optimizer nesterov", "--optimizer sgd")]
    [DataRow("--optimizer sgd", "--optimizer sgd --momentum 0")]
    [DataRow("--trainable all", "--trainable all --layer-decay 0.5")]
    [DataRow("--trainable all", "--trainable all --head-first 2")]
    [DataRow("--trainable all --head-first", "--trainable all --head-first 2")]
    public async Task OptionsOfOtherOptimizersChangeTheLossesToo(string first, string second)
    {
        using TempFolder folder = new();
        Assert.AreNotEqual(Losses(await TrainAsync(folder, first)), Losses(await TrainAsync(folder, second)));
    }

    [TestMethod]
    public async Task TheSameSeedGivesTheSameFile()
    {
        using TempFolder folder = new();
        _ = await TrainAsync(folder, "--seed 7 --threads 1");
        byte[] first = File.ReadAllBytes(folder["out", "model.onnx"]);
        _ = await TrainAsync(folder, "--seed 7 --threads 1");
        CollectionAssert.AreEqual(first, File.ReadAllBytes(folder["out", "model.onnx"]));
    }

    [TestMethod]
    public async Task EpochsAndValidationAreAsAskedFor()
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, "--epochs 2 --validation 0");
        Assert.AreEqual(2, json.GetProperty("epochs").GetInt32());
        Assert.AreEqual(JsonValueKind.Null, json.GetProperty("validationAccuracy").ValueKind);
        Assert.AreEqual(20, json.GetProperty("trainingPictures").GetInt32());
    }

    [TestMethod]
    public async Task PatienceStopsEarly()
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, "--epochs 1000 --patience 1 --lr 5 --schedule constant");
        Assert.AreEqual("earlyStopping", json.GetProperty("stopped").GetString());
        Assert.IsLessThan(1000, json.GetProperty("epochs").GetInt32());
    }

    [TestMethod]
    [DataRow("", 0)]
    [DataRow("--head-first", 20)]
    [DataRow("--head-first 2", 2)]
    public async Task TheHeadIsTrainedFirstWhereThatIsWanted(string options, int epochs)
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, $"--trainable all {options}");
        Assert.AreEqual(epochs, json.GetProperty("headHistory").GetArrayLength());
        Assert.AreEqual(3, json.GetProperty("epochs").GetInt32());
    }

    [TestMethod]
    [DataRow("", true)]
    [DataRow("--no-refit", false)]
    [DataRow("--validation 0", false)]
    public async Task PicturesHeldBackAreLearnedInTheEndUnlessNotWanted(string options, bool refitted)
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, options);
        Assert.AreEqual(refitted ? JsonValueKind.Number : JsonValueKind.Null, json.GetProperty("refitEpochs").ValueKind);
    }

    [TestMethod]
    public async Task FeaturesAreKeptInTheFolderThatIsGiven()
    {
        using TempFolder folder = new();
        string[] args = ["train", "--model", folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], "--epochs", "2", "--json"];
        string first = Losses((await CommandLine.SucceedAsync([.. args, "--cache", folder["cache"]])).Json);
        Assert.IsTrue(Directory.EnumerateFiles(folder["cache"], "*", SearchOption.AllDirectories).Any());
        Assert.AreEqual(first, Losses((await CommandLine.SucceedAsync([.. args, "--cache", folder["cache"]])).Json));
        Assert.AreEqual(first, Losses((await CommandLine.SucceedAsync([.. args, "--no-cache"])).Json));
    }

    [TestMethod]
    public async Task PreprocessingTravelsInTheModel()
    {
        using TempFolder folder = new();
        _ = await TrainAsync(folder, "--preprocess caffe");
        Assert.AreEqual(ChannelOrder.Bgr, Model.Load(folder["out", "model.onnx"]).GetPreprocessing()!.ChannelOrder);
    }

    [TestMethod]
    public async Task BatchNormalizationByTheBatchChangesTheLossesAndTheStatistics()
    {
        using TempFolder folder = new();
        string file = folder.Residual();
        Model model = Model.Load(file);
        Node conv = model.Graph.Nodes.First(n => n.OpType == "Conv"), relu = model.Graph.Nodes.First(n => n.OpType == "Relu");
        Value[] parts = [.. new[] { ("scale", 1f), ("shift", 0f), ("mean", 0f), ("variance", 1f) }.Select(p => model.Graph.AddInitializer($"norm.{p.Item1}", TensorData.FromFloats([p.Item2, p.Item2, p.Item2, p.Item2], 4)))];
        relu.SetInput(0, new GraphBuilder(model.Graph) { Before = relu }.Op("BatchNormalization", [conv.Outputs[0], .. parts]));
        model.Save(folder["normalized.onnx"]);
        JsonElement frozen = await TrainAsync(folder, "--trainable all --batch-norm frozen", folder["normalized.onnx"]);
        CollectionAssert.AreEqual(new float[4], Model.Load(folder["out", "model.onnx"]).Graph.Get("norm.mean").Data!.ToFloats());
        JsonElement batch = await TrainAsync(folder, "--trainable all --batch-norm batch", folder["normalized.onnx"]);
        CollectionAssert.AreNotEqual(new float[4], Model.Load(folder["out", "model.onnx"]).Graph.Get("norm.mean").Data!.ToFloats());
        Assert.AreNotEqual(Losses(frozen), Losses(batch));
        Assert.AreEqual(0, batch.GetProperty("warnings").GetArrayLength());
    }

    [TestMethod]
    public async Task BatchNormalizationThatIsNotThereIsWarnedOf()
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, "--batch-norm batch");
        StringAssert.Contains(json.GetProperty("warnings").EnumerateArray().Single().GetString(), "BatchNormalization");
    }

    [TestMethod]
    public async Task CheckpointingGivesTheSameLosses()
    {
        using TempFolder folder = new();
        string usual = Losses(await TrainAsync(folder, "--trainable all --threads 1"));
        Assert.AreEqual(usual, Losses(await TrainAsync(folder, "--trainable all --threads 1 --checkpointing segments")));
    }

    private static async Task<JsonElement> TrainAsync(TempFolder folder, string options, string? model = null) =>
        (await CommandLine.SucceedAsync(["train", "--model", model ?? folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], "--json", "--no-cache",
            .. options.Contains("--epochs") ? [] : new[] { "--epochs", "3" }, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).Json;

    private static string Losses(JsonElement json) => string.Join(' ', json.GetProperty("history").EnumerateArray().Select(e => e.GetProperty("trainLoss").GetRawText()));
}
