using System.Text.Json;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>train --lora</c>, <c>merge</c>, and adapters that a device trains.</summary>
[TestClass]
public sealed class LoraTests
{
    [TestMethod]
    [DataRow("--lora 3", 3, 3f, "stem.w block.w")]
    [DataRow("--lora 1:3", 1, 3f, "stem.w block.w fc1.w")]
    [DataRow("--lora 1 --lora-on block*,fc1*", 1, 1f, "block.w fc1.w")]
    [DataRow("--lora 1 --head-first 2 --layer-decay 0.5", 1, 1f, "stem.w block.w fc1.w")]
    [DataRow("--lora 1 --cut block --head conv", 1, 1f, "stem.w block.w")]
    [DataRow("--lora 1 --cut inner --drop-bypass --dropout 0.5", 1, 1f, "stem.w block.w")]
    public async Task TrainThenMergeGiveTheSameFile(string options, int rank, float alpha, string weights)
    {
        using TempFolder folder = new();
        JsonElement json = await TrainAsync(folder, options);
        string model = json.GetProperty("model").GetString()!, adapter = json.GetProperty("adapter").GetString()!;
        Assert.AreEqual(folder["out", "adapter.onnx"], adapter);
        Assert.AreEqual(new FileInfo(adapter).Length, json.GetProperty("adapterBytes").GetInt64());
        Assert.AreEqual(weights, string.Join(' ', json.GetProperty("adaptedWeights").EnumerateArray().Select(w => w.GetString())));
        WeightComparison changed = WeightComparison.Of(folder["residual.onnx"], model);
        Assert.AreEqual(weights, string.Join(' ', changed.Changed));
        JsonElement merged = (await CommandLine.SucceedAsync("merge", "--model", folder["residual.onnx"], "--adapter", adapter, "--out", folder["tuned.onnx"], "--json")).Json;
        Assert.AreEqual((rank, alpha), (merged.GetProperty("rank").GetInt32(), merged.GetProperty("alpha").GetSingle()));
        Assert.AreEqual("green,red", string.Join(',', merged.GetProperty("labels").EnumerateArray().Select(l => l.GetString())));
        CollectionAssert.AreEqual(File.ReadAllBytes(model), File.ReadAllBytes(folder["tuned.onnx"]));
    }

    [TestMethod]
    public async Task PeopleReadWhatWasSavedAndWhatHasNoAdapter()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync(Train(folder, "--lora 3"));
        StringAssert.Matches(result.Lines[^1], new(@"^The adapter alone: \S+adapter.onnx \(\d+ KiB, rank 3 on 2 weights\)$"));
        Assert.AreEqual("warning: 'fc1.w' gets no adapter: an adapter of rank 3 would hold as many numbers as the weight itself.\n", result.Error);
        result = await CommandLine.SucceedAsync("merge", "--model", folder["residual.onnx"], "--adapter", folder["out", "adapter.onnx"], "--out", folder["tuned.onnx"]);
        Assert.AreEqual("rank 3, alpha 3, merged into 2 weights; head on active", result.Lines[0]);
        Assert.AreEqual("classes: green, red", result.Lines[1]);
        StringAssert.Matches(result.Lines[2], new(@"^Saved: \S+tuned.onnx \(\d+ KiB\)$"));
    }

    [TestMethod]
    public async Task TheSeedDecides()
    {
        using TempFolder first = new(), second = new(), third = new();
        foreach ((TempFolder folder, int seed) in new[] { (first, 1), (second, 1), (third, 2) })
            _ = await TrainAsync(folder, $"--lora 1 --seed {seed} --threads 1");
        byte[] adapter = File.ReadAllBytes(first["out", "adapter.onnx"]);
        CollectionAssert.AreEqual(adapter, File.ReadAllBytes(second["out", "adapter.onnx"]));
        CollectionAssert.AreNotEqual(adapter, File.ReadAllBytes(third["out", "adapter.onnx"]));
    }

    [TestMethod]
    public async Task AnotherModelIsRefused()
    {
        using TempFolder folder = new();
        _ = await TrainAsync(folder, "--lora 1");
        CommandResult result = await CommandLine.RunAsync("merge", "--model", Repository.FashionModel, "--adapter", folder["out", "adapter.onnx"], "--out", folder["tuned.onnx"]);
        Assert.AreEqual(1, result.Code);
        StringAssert.Contains(result.Error, "it is not the one that was fine-tuned");
        Assert.IsFalse(File.Exists(folder["tuned.onnx"]));
        result = await CommandLine.RunAsync("merge", "--model", folder["residual.onnx"], "--adapter", Repository.FashionModel, "--out", folder["tuned.onnx"]);
        StringAssert.Contains(result.Error, "is an ONNX model but no adapter");
    }

    [TestMethod]
    public async Task WhatFitsNoWeightIsAnError()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(Train(folder, "--lora 1 --lora-on blok*"));
        Assert.AreEqual(1, result.Code);
        StringAssert.Contains(result.Error, "fits 'blok*'. Did you mean 'block");
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    /// <summary>Adapters in artifacts, made whole again from the checkpoint: what is learned is merged, and before learning the model predicts as without adapters.</summary>
    [TestMethod]
    [DataRow("")]
    [DataRow("--from-features")]
    [DataRow("--from-features --lora-on fc1*")]
    public async Task ADeviceTrainsAdaptersAndExportMergesThem(string options)
    {
        using TempFolder folder = new();
        string[] artifacts = ["artifacts", "--model", folder.Residual(), "--head", "linear", "--labels", "red,green", "--out", folder["artifacts"], "--lora", "1", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        JsonElement json = (await CommandLine.SucceedAsync([.. artifacts, "--json"])).Json;
        CollectionAssert.IsSubsetOf((string[])["head.weight", "head.bias", "fc1.w.lora_A", "fc1.w.lora_B"], json.GetProperty("trained").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ToArray());
        await ExportAsync(folder);
        Model untrained = Model.Load(folder["tuned.onnx"]);
        CollectionAssert.AreEqual(untrained.Graph.Get("fc1.w").Data!.ToFloats(), Model.Load(folder.Residual()).Graph.Get("fc1.w").Data!.ToFloats());
        Training.TrainingArtifacts made = Training.TrainingArtifacts.Load(folder["artifacts"]);
        TensorData a = made.Checkpoint.Trainable["fc1.w.lora_A"], b = TensorData.FromFloats([1, 2, 3, 4, 5, 6], 6, 1);
        (made.Checkpoint with { Trainable = made.Checkpoint.Trainable.ToDictionary(p => p.Key, p => p.Key == "fc1.w.lora_B" ? b : p.Value) }).Write(folder["artifacts", "checkpoint"]);
        await ExportAsync(folder);
        Model tuned = Model.Load(folder["tuned.onnx"]);
        Assert.IsFalse(tuned.HasAdapters);
        CollectionAssert.AreEqual(untrained.Graph.Nodes.Select(n => n.OpType).ToArray(), tuned.Graph.Nodes.Select(n => n.OpType).ToArray());
        float[] before = untrained.Graph.Get("fc1.w").Data!.ToFloats(), after = tuned.Graph.Get("fc1.w").Data!.ToFloats(), row = a.ToFloats();
        for (int i = 0; i < after.Length; i++)
            Assert.AreEqual(before[i] + (i / 4 + 1) * row[i % 4], after[i], 1e-5f);
    }

    private static Task ExportAsync(TempFolder folder) => CommandLine.SucceedAsync("export", "--artifacts", folder["artifacts"], "--out", folder["tuned.onnx"]);

    private static async Task<JsonElement> TrainAsync(TempFolder folder, string options) => (await CommandLine.SucceedAsync([.. Train(folder, options), "--json"])).Json;

    private static string[] Train(TempFolder folder, string options) =>
        ["train", "--model", folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], "--epochs", "2", "--no-cache", .. options.Split(' ')];
}
