using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Bad input: exit code 1, one line with the remedy, nothing written.</summary>
[TestClass]
public sealed class BadInputTests
{
    /// <summary>One way to go wrong: options of <c>train</c> beyond what is right, and what the error says.</summary>
    private sealed record BadInput(string Name, Func<TempFolder, string> Arguments, string Message);

    private static readonly BadInput[] Rows =
    [
        new("missing model", f => $"--model {f["residual.onx"]}{Keep(f.Residual())}", "There is no file '*'. Did you mean '*residual.onnx'*"),
        new("folder as model", f => $"--model {f.Path}", "'*' is a folder; give the path of an ONNX file in it."),
        new("empty model", f => $"--model {f.Text("m.onnx", "")}", "'*m.onnx' is empty; fetch or export it again."),
        new("truncated model", f => $"--model {Truncated(f)}", "'*cut.onnx' is no ONNX model or was cut off (*); fetch or export it again."),
        new("text as model", f => $"--model {f.Text("m.onnx", "these are words, not a model")}", "'*m.onnx' is a text file, no ONNX model; give the path of an ONNX model."),
        new("picture as model", f => $"--model {Path.Combine(f.Pictures(), "red", "00.png")}", "'*00.png' is a PNG picture, no ONNX model; give the path of an ONNX model."),
        new("no image input", f => $"--model {f.Save(TrainingModels.Linear(4, 3))}", "The model has no image input (*). Its inputs: *[*, 4]."),
        new("no classifier", f => $"--model {f.Save(NoClassifier())}", "No classifier is recognised. *Looked for: *"),
        new("missing pictures", f => $"--images {f["nowhere"]}", "There is no folder '*nowhere'. Give the folder that holds a folder of pictures per class."),
        new("file as pictures", f => $"--images {f.Text("p", "x")}", "'*' is a file. Give the folder that holds a folder of pictures per class."),
        new("empty folder", f => $"--images {Made(f["empty"])}", "'*empty' is empty: it holds no class folders. *"),
        new("class without pictures", f => $"--images {f.Pictures()}{Keep(Made(f["pictures", "white"]))}", "The class 'white' in '*pictures' has no pictures. Put *, or remove the folder."),
        new("no class folders", f => $"--images {Path.Combine(f.Pictures(), "red")}", "'*red' holds pictures but no class folders. *"),
        new("data set of parts", f => $"--images {f["set"]}{Keep(f.Pictures("set/train"))}{Keep(f.Pictures("set/test"))}", "'*set' holds 'test' and 'train', which look like parts of a data set, not classes. *"),
        new("no readable picture", f => $"--images {Unreadable(f)}", "*'blue'*"),
        new("unreadable, strict", f => $"--strict --images {f.Pictures()}{Keep(f.Text("pictures/red/99.png", "no picture"))}", "The picture '*99.png' cannot be read: *. Repair or remove it, *"),
        new("labels do not match", f => $"--test {f.Pictures("test", 3)}", "The labels do not match: the data has 'blue', the model knows 'green', 'red'. *"),
        new("no such cut", f => "--cut blok", "The model has no value 'blok'. Did you mean 'block', *"),
        new("cut inside a block", f => "--cut inner", "'inner' alone does not cut the model: 'stem' goes round it and would have to be cut too. Cut at 'stem' before it or at 'block' behind it, or drop what goes round (`dropBypass: true`, `--drop-bypass`)."),
        new("cut at a weight", f => "--cut fc1.w", "'fc1.w' is a weight, not a value computed from the input. *"),
        new("too many layers", f => "--remove-last 9", "The last 9 layers cannot be removed: the model has 4. Possible numbers near it: *"),
        new("no such parameter", f => "--trainable fc9.w", "No parameter's name fits 'fc9.w'. Did you mean 'fc1.w'*"),
        new("no such value to train from", f => "--trainable from:flot", "The model has no value 'flot'. Did you mean 'flat'*"),
        new("too many blocks", f => "--trainable blocks:9", "The model has 3 blocks, fewer than 'blocks:9' asks for. *"),
        new("no normalization", f => "--trainable normalization", "The model has no normalization with a scale or bias *"),
        new("nothing to train", f => "--trainable from:logits", "No parameter stands behind 'logits'. *"),
        new("divergence at once", f => "--lr 1e30 --trainable all --optimizer sgd", "Training diverged in epoch *, before anything was learned: the loss is not a finite number any more. Lower the learning rate *"),
        new("output is a file", f => $"--out {f.Text("file", "x")}", "The output folder '*file' cannot be written (it is a file). Give a folder that can."),
        new("output below a file", f => $"--out {f.Text("file", "x")}/out", "The output folder '*file/out' cannot be written (*). Give a folder that can."),
    ];

    public static IEnumerable<object[]> Names => Rows.Select(r => new object[] { r.Name });

    [TestMethod, DynamicData(nameof(Names))]
    public async Task IsToldInOneLineAndLeavesNothing(string name)
    {
        BadInput row = Rows.Single(r => r.Name == name);
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(Complete(folder, row.Arguments(folder).Split('|')[0].Split(' ')));
        string[] errors = [.. result.Error.TrimEnd('\n').Split('\n').Where(l => !l.StartsWith("warning: ", StringComparison.Ordinal))];
        Assert.AreEqual(1, result.Code, result.Error);
        Assert.HasCount(1, errors, result.Error);
        StringAssert.Matches(errors[0], new($"^error: {System.Text.RegularExpressions.Regex.Escape(row.Message).Replace("\\*", ".*")}$"));
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod]
    public async Task TheErrorIsAlsoTheJsonObject()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync("inspect", "--json", folder["nowhere.onnx"]);
        Assert.AreEqual(1, result.Code);
        Assert.AreEqual($"error: {result.Json.GetProperty("error").GetString()}", result.Error.TrimEnd());
    }

    [TestMethod]
    public async Task UnreadablePicturesAreNamedCountedAndLeftOut()
    {
        using TempFolder folder = new();
        string pictures = folder.Pictures(), test = folder.Pictures("test");
        string first = folder.Text("pictures/red/98.png", "no picture"), second = folder.Text("test/red/99.png", "");
        CommandResult result = await CommandLine.SucceedAsync(Complete(folder, ["--epochs", "1", "--json", "--images", pictures, "--test", test]));
        string[] warnings = result.Error.Split('\n').Where(l => l.StartsWith("warning: ", StringComparison.Ordinal)).ToArray();
        Assert.HasCount(3, warnings, result.Error);
        StringAssert.StartsWith(warnings[0], $"warning: The picture '{first}' cannot be read: ");
        StringAssert.StartsWith(warnings[1], $"warning: The picture '{second}' cannot be read: ");
        Assert.AreEqual("warning: 2 pictures left out, unreadable.", warnings[2]);
        Assert.AreEqual(2, result.Json.GetProperty("unreadable").GetArrayLength());
        Assert.AreEqual(20, result.Json.GetProperty("testPictures").GetInt32());
    }

    [TestMethod]
    public async Task PredictNamesUnreadablePicturesAndGoesOn()
    {
        using TempFolder folder = new();
        string model = folder.Save(ColorClassifier.Build()), good = Path.Combine(folder.Pictures(), "red", "00.png"), bad = folder.Text("bad.png", "no picture");
        CommandResult result = await CommandLine.SucceedAsync("predict", "--model", model, bad, folder["nowhere.png"], folder.Path, good);
        StringAssert.Matches(result.Error, new($"^warning: '{bad}': .*\nwarning: There is no picture '.*nowhere.png'; .*\nwarning: '.*' is a folder; .*\nwarning: 3 pictures left out, unreadable.\n$"));
        Assert.HasCount(1, result.Lines);
        CommandResult strict = await CommandLine.RunAsync("predict", "--strict", "--model", model, bad, good);
        Assert.AreEqual(1, strict.Code);
        StringAssert.StartsWith(strict.Error, $"error: '{bad}': ");
        CommandResult none = await CommandLine.RunAsync("predict", "--json", "--model", model, bad);
        Assert.AreEqual(1, none.Code);
        Assert.AreEqual(0, none.Json.GetProperty("predictions").GetArrayLength());
    }

    [TestMethod]
    public async Task EvaluateRefusesLabelsThatTheModelDoesNotKnow()
    {
        using TempFolder folder = new();
        await CommandLine.SucceedAsync(Complete(folder, ["--epochs", "1"]));
        CommandResult result = await CommandLine.RunAsync("evaluate", "--model", folder["out", "model.onnx"], "--images", folder.Pictures("other", 3));
        Assert.AreEqual(1, result.Code);
        StringAssert.StartsWith(result.Error, "error: The labels do not match: the data has 'blue', the model knows 'green', 'red'.");
    }

    [TestMethod]
    public async Task DivergenceAfterLearningKeepsTheBestWeightsAndFails()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(Complete(folder,
            ["--json", "--optimizer", "sgd", "--momentum", "0", "--lr", "1000", "--warmup", "10000", "--weight-decay", "20", "--epochs", "2000", "--schedule", "constant"]));
        Assert.AreEqual(1, result.Code, result.Error);
        Assert.AreEqual("diverged", result.Json.GetProperty("stopped").GetString());
        StringAssert.Matches(result.Error, new(@"(?m)^warning: Training diverged in epoch \d+: .* The weights of epoch \d+ are kept\. Lower the learning rate .*$"));
        Assert.IsTrue(File.Exists(folder["out", "model.onnx"]));
    }

    [TestMethod]
    public async Task AnOlderModelIsReplacedOrStaysAsItWas()
    {
        using TempFolder folder = new();
        string older = folder.Text("out/model.onnx", "older");
        CommandResult failed = await CommandLine.RunAsync(Complete(folder, ["--lr", "1e30", "--trainable", "all", "--optimizer", "sgd"]));
        Assert.AreEqual(1, failed.Code);
        Assert.AreEqual("older", File.ReadAllText(older));
        await CommandLine.SucceedAsync(Complete(folder, ["--epochs", "1"]));
        Assert.AreEqual("logits", Model.Load(older).Graph.Find("logits")?.Name);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder["out"]));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task ASystemFolderIsNoOutput()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(Complete(folder, ["--out", "/proc/onnxft"]));
        Assert.AreEqual(1, result.Code);
        StringAssert.StartsWith(result.Error, "error: The output folder '/proc/onnxft' cannot be written (");
    }

    /// <summary>A right command line, but for what <paramref name="given"/> replaces or adds.</summary>
    private static string[] Complete(TempFolder folder, string[] given)
    {
        List<string> args = ["train", "--no-cache", .. given];
        if (!given.Contains("--model"))
            args.AddRange(["--model", folder.Residual()]);
        if (!given.Contains("--images"))
            args.AddRange(["--images", folder.Pictures()]);
        if (!given.Contains("--out"))
            args.AddRange(["--out", folder["out"]]);
        return [.. args];
    }

    private static string Truncated(TempFolder folder)
    {
        byte[] bytes = ResidualModels.Build().ToBytes();
        File.WriteAllBytes(folder["cut.onnx"], bytes[..(bytes.Length / 2)]);
        return folder["cut.onnx"];
    }

    private static Model NoClassifier()
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        graph.AddOutput(b.Relu(graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 8, 8))));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static string Unreadable(TempFolder folder)
    {
        folder.Text("pictures/blue/00.png", "no picture");
        return folder.Pictures();
    }

    private static string Made(string path) => Directory.CreateDirectory(path).FullName;

    /// <summary>Something that the row needs beside its arguments.</summary>
    private static string Keep(string path) => $"|{path}";
}
