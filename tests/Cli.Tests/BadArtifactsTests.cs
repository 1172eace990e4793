using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Bad input of <c>artifacts</c> and <c>export</c>: exit code 1, one line with the remedy, nothing written.</summary>
[TestClass]
public sealed class BadArtifactsTests
{
    /// <summary>One way to go wrong: a command line behind the verb, and what the error says.</summary>
    private sealed record BadInput(string Name, Func<TempFolder, string> Arguments, string Message);

    private static readonly BadInput[] Making =
    [
        new("missing model", f => $"--model {f["nowhere.onnx"]} --head linear:2", "There is no file '*nowhere.onnx'.*"),
        new("no such cut", f => "--head linear:2 --cut blok", "The model has no value 'blok'. Did you mean 'block', *"),
        new("cut inside a block", f => "--head linear:2 --cut inner", "'inner' alone does not cut the model: *"),
        new("too many layers", f => "--head linear:2 --remove-last 9", "The last 9 layers cannot be removed: the model has 4. *"),
        new("head that does not fit", f => "--head conv:2", "A convolutional head needs features [N, C, H, W], but 'active' is [batch, 6]. *"),
        new("more labels than the head has classes", f => "--head linear:2 --labels a,b,c", "There are 3 labels, but the output 'logits' [batch, 2] has 2 classes. Give one label for each class, in output order."),
        new("fewer labels than the model has classes", f => "--labels a,b", "There are 2 labels, but the output '*' [batch, 5] has 5 classes. *"),
        new("no such parameter", f => "--head linear:2 --trainable hed.weight", "No parameter's name fits 'hed.weight'. Did you mean 'head.weight', *"),
        new("no such value to train from", f => "--trainable from:flot", "The model has no value 'flot'. Did you mean 'flat'*"),
        new("no classifier", f => $"--model {f.Save(NoClassifier())}", "No classifier is recognised. *"),
        new("no classes to tell apart", f => $"--model {f.Save(NoClassifier())} --trainable all", "Softmax cross-entropy needs logits [N, C] with a known number of classes, but '*' is [*]; *"),
        new("no picture model", f => $"--model {f.Save(TrainingModels.Linear(4, 3))} --preprocess caffe", "The model has no image input (*). *"),
        new("output is a file", f => $"--head linear:2 --out {f.Text("file", "x")}", "The output folder '*file' cannot be written (it is a file). Give a folder that can."),
    ];

    private static readonly BadInput[] Exporting =
    [
        new("missing folder", f => $"--artifacts {f["nowhere"]}", "There is no folder '*nowhere'; give the one that holds the artifacts."),
        new("folder of something else", f => $"--artifacts {f.Pictures()}", "The folder '*pictures' has no training_model.onnx; *"),
        new("missing checkpoint", f => $"--checkpoint {f["nowhere"]}", "There is no checkpoint file '*nowhere'."),
        new("model as checkpoint", f => $"--checkpoint {f.Residual()}", "'*residual.onnx' is no checkpoint of ONNX Runtime's training API*"),
        new("truncated checkpoint", f => $"--checkpoint {Truncated(f)}", "*cut*"),
        new("checkpoint of other artifacts", f => $"--checkpoint {Other(f)}", "*'head.weight'*checkpoint*"),
        new("nominal checkpoint", f => $"--checkpoint {Nominal(f)}", "The checkpoint is nominal: it names its parameters and holds no weights; take the checkpoint that was saved after training."),
        new("model without the parameters", f => $"--model {f.Residual()}", "The checkpoint trains 'head.weight', but the model has no such parameter; *"),
        new("missing model", f => $"--model {f["nowhere.onnx"]}", "There is no file '*nowhere.onnx'.*"),
        new("labels that do not fit", f => "--labels a,b,c", "There are 3 labels, but the output 'probabilities' [batch, 2] has 2 classes. *"),
        new("frozen layers of other artifacts", f => $"--artifacts {WrongFrozenModel(f)}", "The frozen layers do not compute the feature 'active', so they were not made together with the artifacts; make them again."),
        new("output in no folder", f => $"--out {f["nowhere", "tuned.onnx"]}", "'*tuned.onnx' cannot be written: the folder '*nowhere' does not exist; create it first."),
        new("output is a folder", f => $"--out {f.Pictures()}", "'*pictures' cannot be written: it is a folder; give the path of a file."),
    ];

    public static IEnumerable<object[]> MakingNames => Making.Select(r => new object[] { r.Name });

    public static IEnumerable<object[]> ExportingNames => Exporting.Select(r => new object[] { r.Name });

    [TestMethod, DynamicData(nameof(MakingNames))]
    public async Task ArtifactsAreAllWrittenOrNone(string name)
    {
        BadInput row = Making.Single(r => r.Name == name);
        using TempFolder folder = new();
        AssertFailed(await CommandLine.RunAsync(Complete("artifacts", row.Arguments(folder), ("--model", folder.Residual()), ("--out", folder["out"]))), row.Message);
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod, DynamicData(nameof(ExportingNames))]
    public async Task AModelIsExportedOrNothing(string name)
    {
        BadInput row = Exporting.Single(r => r.Name == name);
        using TempFolder folder = new();
        await MakeAsync(folder, "artifacts", "--head linear:2");
        AssertFailed(await CommandLine.RunAsync(Complete("export", row.Arguments(folder), ("--artifacts", folder["artifacts"]), ("--out", folder["tuned.onnx"]))), row.Message);
        Assert.IsFalse(File.Exists(folder["tuned.onnx"]));
    }

    [TestMethod]
    public async Task OlderArtifactsStayWhereNewOnesCannotBeMade()
    {
        using TempFolder folder = new();
        await MakeAsync(folder, "artifacts", "--head linear:2");
        Dictionary<string, string> before = Contents(folder["artifacts"]);
        CommandResult result = await CommandLine.RunAsync("artifacts", "--model", folder.Residual(), "--out", folder["artifacts"], "--head", "linear:2", "--trainable", "nothing");
        Assert.AreEqual(1, result.Code);
        CollectionAssert.AreEquivalent(before, Contents(folder["artifacts"]));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task ASystemFolderIsNoOutput()
    {
        using TempFolder folder = new();
        AssertFailed(await CommandLine.RunAsync("artifacts", "--model", folder.Residual(), "--head", "linear:2", "--out", "/proc/onnxft"), "The output folder '/proc/onnxft' cannot be written (*). Give a folder that can.");
    }

    private static void AssertFailed(CommandResult result, string message)
    {
        Assert.AreEqual(1, result.Code, result.Error);
        string[] errors = result.Error.TrimEnd('\n').Split('\n');
        Assert.HasCount(1, errors, result.Error);
        StringAssert.Matches(errors[0], new($"^error: {System.Text.RegularExpressions.Regex.Escape(message).Replace("\\*", ".*")}$"));
        Assert.AreEqual("", result.Output);
    }

    private static Dictionary<string, string> Contents(string folder) =>
        Directory.GetFileSystemEntries(folder).ToDictionary(f => Path.GetFileName(f), f => Convert.ToBase64String(File.ReadAllBytes(f)));

    /// <summary>A right command line, but for what <paramref name="given"/> replaces or adds.</summary>
    private static string[] Complete(string verb, string given, params (string Option, string Value)[] usual)
    {
        string[] words = given.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [verb, .. words, .. usual.Where(u => !words.Contains(u.Option)).SelectMany(u => new[] { u.Option, u.Value })];
    }

    private static async Task<string> MakeAsync(TempFolder folder, string name, string options)
    {
        await CommandLine.SucceedAsync(Complete("artifacts", options, ("--model", folder.Residual()), ("--out", folder[name])));
        return folder[name];
    }

    private static string Truncated(TempFolder folder)
    {
        byte[] bytes = File.ReadAllBytes(folder["artifacts", TrainingArtifacts.CheckpointFile]);
        File.WriteAllBytes(folder["cut"], bytes[..(bytes.Length / 2)]);
        return folder["cut"];
    }

    private static string Other(TempFolder folder) => Path.Combine(MakeAsync(folder, "other", "--head linear:3").Result, TrainingArtifacts.CheckpointFile);

    private static string Nominal(TempFolder folder) => Path.Combine(MakeAsync(folder, "nominal", "--head linear:2 --nominal").Result, TrainingArtifacts.CheckpointFile);

    private static string WrongFrozenModel(TempFolder folder)
    {
        string artifacts = MakeAsync(folder, "features", "--head linear:2 --from-features").Result;
        File.Copy(folder.Residual(), Path.Combine(artifacts, ArtifactCreation.FrozenModelFile), overwrite: true);
        return artifacts;
    }

    private static Model NoClassifier()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 8, 8));
        graph.AddOutput(b.Relu(b.Conv(x, graph.AddInitializer("w", ClassifierModels.Numbers([4, 3, 3, 3])), pads: [1, 1, 1, 1])));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }
}
