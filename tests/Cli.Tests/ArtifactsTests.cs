using System.Text.Json;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>artifacts</c> as it is meant to be used: its options reach the library, and it says what it did.</summary>
[TestClass]
public sealed class ArtifactsTests
{
    private const string Standard = "README.txt|checkpoint|eval_model.onnx|optimizer_model.onnx|training_model.onnx";

    /// <summary>The residual network has 329 parameters: 108 stem, 148 block, 30 fc1, 35 fc2, 8 aux.</summary>
    [TestMethod]
    [DataRow("--head linear:2", "active", "head.weight,head.bias", 14, 286)]
    [DataRow("--head linear --labels cat,dog", "active", "head.weight,head.bias", 14, 286)]
    [DataRow("--head mlp:8:2", "active", "head.0.weight,head.0.bias,head.1.weight,head.1.bias", 74, 286)]
    [DataRow("--head mlp:8,4:2 --dropout 0.5", "active", "head.0.weight,head.0.bias,head.1.weight,head.1.bias,head.2.weight,head.2.bias", 102, 286)]
    [DataRow("--head conv:2 --cut block", "block", "head.weight,head.bias", 10, 256)]
    [DataRow("--head linear:2 --cut inner --drop-bypass", "inner", "head.weight,head.bias", 10, 256)]
    [DataRow("--head linear:2 --remove-last 2", "flat", "head.weight,head.bias", 10, 256)]
    [DataRow("--head linear:2 --trainable all", "active", "head.weight,head.bias", 300, 0)]
    [DataRow("--head linear:2 --trainable from:flat", "active", "head.weight,head.bias", 44, 256)]
    [DataRow("", null, "", 35, 286)]
    [DataRow("--trainable all", null, "", 321, 0)]
    [DataRow("--trainable fc1.*", null, "", 30, 291)]
    public async Task WhatIsCutAttachedAndTrained(string options, string? cutAt, string attached, int trained, int frozen)
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, options);
        Assert.AreEqual(cutAt, json.GetProperty("cutAt") is { ValueKind: JsonValueKind.Object } cut ? cut.GetProperty("name").GetString() : null);
        Assert.AreEqual(attached, Names(json, "attached"));
        Assert.AreEqual(trained, json.GetProperty("trainedParameters").GetInt64());
        Assert.AreEqual(frozen, json.GetProperty("frozenParameters").GetInt64());
        Checkpoint checkpoint = TrainingArtifacts.Load(folder["out"]).Checkpoint;
        Assert.AreEqual(trained, checkpoint.Trainable.Values.Sum(p => p.Count));
        Assert.AreEqual(Names(json, "trained"), string.Join(',', checkpoint.Trainable.Keys));
    }

    [TestMethod]
    [DataRow("--head linear:2", "x,targets", "x,targets")]
    [DataRow("--head linear:2 --dropout 0.5", "x,targets,dropout_step", "x,targets")]
    [DataRow("--head linear:2 --accumulate", "x,targets,gradient_weight", "x,targets")]
    [DataRow("--head linear:2 --dropout 0.5 --accumulate --from-features", "active,targets,dropout_step,gradient_weight", "active,targets")]
    public async Task WhatAnAppFeedsIsListedInOrder(string options, string training, string evaluation)
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, options);
        Assert.AreEqual(training, Names(json, "trainingInputs"));
        Assert.AreEqual(evaluation, Names(json, "evaluationInputs"));
        Assert.AreEqual("loss,logits", Names(json, "outputs"));
        TrainingArtifacts artifacts = TrainingArtifacts.Load(folder["out"]);
        Assert.AreEqual(training, string.Join(',', artifacts.TrainingModel.Graph.Inputs.Take(training.Split(',').Length).Select(i => i.Name)));
        Assert.AreEqual(evaluation, string.Join(',', artifacts.EvaluationModel.Graph.Inputs.Take(2).Select(i => i.Name)));
    }

    [TestMethod]
    [DataRow("", "Int64 [N]")]
    [DataRow("--loss cross-entropy --label-smoothing 0.1", "Int64 [N]")]
    [DataRow("--loss binary-cross-entropy", "Float [N, 2]")]
    [DataRow("--loss mse", "Float [N, 2]")]
    public async Task TheLossDecidesTheTargets(string options, string targets)
    {
        using TempFolder folder = new();
        JsonElement input = (await MakeAsync(folder, $"--head linear:2 {options}")).GetProperty("trainingInputs")[1];
        string shape = string.Join(", ", input.GetProperty("shape").EnumerateArray().Select((d, i) => i == 0 ? "N" : d.GetString()));
        Assert.AreEqual(targets, $"{input.GetProperty("type").GetString()} [{shape}]");
    }

    [TestMethod]
    public async Task LabelSmoothingChangesTheLoss()
    {
        using TempFolder folder = new();
        string Constants() => string.Join(' ', TrainingArtifacts.Load(folder["out"]).EvaluationModel.Graph.Initializers.Where(v => v.ElementType == ElementType.Float).SelectMany(v => v.Data!.ToFloats()));
        _ = await MakeAsync(folder, "--head linear:2");
        string plain = Constants();
        _ = await MakeAsync(folder, "--head linear:2 --label-smoothing 0.5");
        Assert.AreNotEqual(plain, Constants());
    }

    [TestMethod]
    [DataRow("", "AdamWOptimizer", 0, 0.3)]
    [DataRow("--trainable all", "AdamWOptimizer", 0, 0.01)]
    [DataRow("--optimizer adamw --weight-decay 0.2", "AdamWOptimizer", 0, 0.2)]
    [DataRow("--optimizer adamw-hf --weight-decay 0.1", "AdamWOptimizer", 1, 0.1)]
    [DataRow("--optimizer adam", "AdamWOptimizer", 0, 0)]
    [DataRow("--optimizer sgd", "SGDOptimizerV2", 0, 0)]
    public async Task TheOptimizerIsTheOneThatIsAskedFor(string options, string type, int mode, double decay)
    {
        using TempFolder folder = new();
        _ = await MakeAsync(folder, $"--head linear:2 {options}");
        Node node = TrainingArtifacts.Load(folder["out"]).OptimizerModel.Graph.Nodes.Single();
        Assert.AreEqual(type, node.OpType);
        Assert.AreEqual(mode, node.Attributes.Int("adam_mode"));
        Assert.AreEqual((float)decay, node.Attributes.Float("weight_decay", 0));
    }

    [TestMethod]
    public async Task ClippingGoesBeforeTheOptimizer()
    {
        using TempFolder folder = new();
        _ = await MakeAsync(folder, "--head linear:2 --clip 0.5 --optimizer sgd");
        Node clip = TrainingArtifacts.Load(folder["out"]).OptimizerModel.Graph.Nodes[0];
        Assert.AreEqual("InplaceClipGradNorm", clip.OpType);
        Assert.AreEqual(0.5f, clip.Attributes.Float("max_norm", 0));
    }

    [TestMethod]
    public async Task NativeKernelsAreThereWhereTheyAreAskedFor()
    {
        using TempFolder folder = new();
        string[] Kernels() => [.. TrainingArtifacts.Load(folder["out"]).TrainingModel.Graph.Nodes.Where(n => n.Domain.Length > 0).Select(n => n.OpType).Distinct()];
        _ = await MakeAsync(folder, "--trainable all");
        CollectionAssert.AreEqual((string[])["InPlaceAccumulatorV2"], Kernels());
        _ = await MakeAsync(folder, "--trainable all --native-kernels");
        CollectionAssert.Contains(Kernels(), "ConvGrad");
        _ = await CommandLine.SucceedAsync("artifacts", "--verify", folder["out"]);
    }

    [TestMethod]
    public async Task ANominalCheckpointHasNoWeights()
    {
        using TempFolder folder = new();
        _ = await MakeAsync(folder, "--head linear:2 --nominal");
        Checkpoint checkpoint = TrainingArtifacts.Load(folder["out"]).Checkpoint;
        Assert.IsTrue(checkpoint.IsNominal);
        Assert.IsTrue(checkpoint.Parameters.All(p => p.Value.Count == 0));
    }

    [TestMethod]
    public async Task FilesAreListedAsTheyLieThere()
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, "--head linear:2");
        foreach (JsonElement file in json.GetProperty("files").EnumerateArray())
            Assert.AreEqual(new FileInfo(folder["out", file.GetProperty("name").GetString()!]).Length, file.GetProperty("bytes").GetInt64());
        string[] listed = [.. json.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()!)];
        CollectionAssert.IsSubsetOf(Standard.Split('|'), listed);
        CollectionAssert.AreEquivalent(listed, Directory.GetFileSystemEntries(folder["out"]).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public async Task FrozenLayersLieBesideArtifactsThatBeginAtFeatures()
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, "--head linear:2 --from-features");
        Assert.AreEqual("x", Names(json, "frozenInputs"));
        Model frozen = Model.Load(folder["out", "frozen_model.onnx"]);
        Assert.AreEqual("active", frozen.Graph.Outputs.Single().Name);
        Assert.AreEqual(14, TrainingArtifacts.Load(folder["out"]).Checkpoint.Parameters.Sum(p => p.Value.Count));
        json = await MakeAsync(folder, "--head linear:2");
        Assert.AreEqual("", Names(json, "frozenInputs"));
        Assert.IsFalse(File.Exists(folder["out", "frozen_model.onnx"]), "a frozen model of an earlier run would be put in front of the new one at export");
    }

    [TestMethod]
    public async Task FromFeaturesWithNothingFrozenBeginsAtTheInputs()
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, "--trainable all --from-features");
        Assert.AreEqual("x,targets,dropout_step", Names(json, "trainingInputs"));
        Assert.IsFalse(File.Exists(folder["out", "frozen_model.onnx"]));
    }

    [TestMethod]
    [DataRow("cat,dog")]
    [DataRow("FILE")]
    public async Task LabelsTravelInTheArtifacts(string labels)
    {
        using TempFolder folder = new();
        string given = labels == "FILE" ? folder.Text("labels.txt", "cat\r\n\r\n dog \n") : labels;
        JsonElement json = await MakeAsync(folder, $"--head linear --labels {given}");
        Assert.AreEqual("[\"cat\",\"dog\"]", JsonSerializer.Serialize(json.GetProperty("labels")));
        CollectionAssert.AreEqual((string[])["cat", "dog"], TrainingArtifacts.Load(folder["out"]).ToInferenceModel().GetLabels()!.ToArray());
    }

    [TestMethod]
    public async Task PreprocessingTravelsInTheArtifacts()
    {
        using TempFolder folder = new();
        _ = await MakeAsync(folder, "--head linear:2 --preprocess caffe");
        Assert.AreEqual(ChannelOrder.Bgr, TrainingArtifacts.Load(folder["out"]).ToInferenceModel().GetPreprocessing()!.ChannelOrder);
    }

    [TestMethod]
    public async Task TheSeedDecidesTheHead()
    {
        using TempFolder folder = new();
        async Task<byte[]> HeadAsync(string seed)
        {
            _ = await MakeAsync(folder, $"--head linear:2 {seed}");
            return TrainingArtifacts.Load(folder["out"]).Checkpoint.Trainable["head.weight"].Bytes.ToArray();
        }
        byte[] first = await HeadAsync("");
        CollectionAssert.AreEqual(first, await HeadAsync("--seed 0"));
        CollectionAssert.AreNotEqual(first, await HeadAsync("--seed 1"));
    }

    [TestMethod]
    public async Task PeopleReadWhatWasDone()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("artifacts", "--model", folder.Residual(), "--head", "linear", "--labels", "cat,dog", "--from-features", "--out", folder["out"]);
        foreach (string line in (string[])
            ["residual.onnx", @"cut at +active: Float \[batch, 6\]", @"attached +head\.weight, head\.bias, random", @"trained +14 parameters: head\.weight, head\.bias", @"frozen +286 parameters", @"classes +cat, dog",
                @"frozen_model\.onnx +x: Float \[batch, 3, 8, 8\] .*", @"a training step +active: Float \[batch, 6\]; targets: Int64 \[batch\]", @"and gets +loss: Float \[\]; logits: Float \[batch, 2\]",
                @"training_model\.onnx +\d+ KiB", @"optimizer_model\.onnx +\d+ bytes"])
            StringAssert.Matches(result.Output, new($"(?m)^{line}$"));
        CollectionAssert.Contains(result.Lines, $"Written to {folder["out"]}");
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    [DataRow("cross-entropy")]
    [DataRow("binary-cross-entropy")]
    public async Task LossesOfClassesAndLabelsTakeTheLogitsOfAModelThatIsUsedAsItIs(string loss)
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("artifacts", "--model", Repository.FashionModel, "--loss", loss, "--out", folder["out"]);
        StringAssert.Matches(result.Output, new("(?m)^left out +Softmax at the end, "));
        StringAssert.Matches(result.Output, new("(?m)^classes +coat, dress, pullover, t-shirt, trouser$"));
        Assert.IsFalse(TrainingArtifacts.Load(folder["out"]).EvaluationModel.Graph.Nodes.Any(n => n.OpType == "Softmax"));
    }

    [TestMethod]
    public async Task MeanSquaredErrorTakesTheOutputAsItIs()
    {
        using TempFolder folder = new();
        JsonElement json = await MakeAsync(folder, "--loss mse");
        Assert.AreEqual("loss,scores", Names(json, "outputs"));
        Assert.AreEqual(JsonValueKind.Null, json.GetProperty("removedActivation").ValueKind);
    }

    [TestMethod]
    public async Task NothingIsWrittenWhenItIsInterrupted()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(new StringWriter(), new CancellationToken(canceled: true), "artifacts", "--model", folder.Residual(), "--head", "linear:2", "--out", folder["out"]);
        Assert.AreEqual(130, result.Code);
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    private static async Task<JsonElement> MakeAsync(TempFolder folder, string options) =>
        (await CommandLine.SucceedAsync(["artifacts", "--model", folder.Residual(), "--out", folder["out"], "--json", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).Json;

    private static string Names(JsonElement json, string property) => string.Join(',', json.GetProperty(property).EnumerateArray().Select(v => v.GetProperty("name").GetString()));
}
