using System.Text.Json;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>gradients</c>: tensors in, tensors out, and the table of operators.</summary>
[TestClass]
public sealed class GradientsTests
{
    /// <summary>One way to go wrong: the words after <c>gradients</c>, and what the error says.</summary>
    private sealed record BadInput(string Name, Func<TempFolder, string> Arguments, string Message);

    private static readonly BadInput[] Rows =
    [
        new("missing tensor", f => $"{Model(f)} --input {f["x.pb"]} --labels {Labels(f)}", "The tensor file '*x.pb' cannot be read: *"),
        new("text as tensor", f => $"{Model(f)} --input {f.Text("x.pb", "these are words, no tensor")} --labels {Labels(f)}", "*'*x.pb'*"),
        new("model as tensor", f => $"{Model(f)} --input {Model(f)} --labels {Labels(f)}", "*'*model.onnx'*"),
        new("shape", f => $"{Model(f)} --input {Floats(f, "x.pb", 3, 5)} --labels {Labels(f)}", "The input 'x' is Float [3, 5], but the model takes Float [batch, 4]; give a tensor of that shape."),
        new("labels", f => $"{Model(f)} --input {Floats(f, "x.pb", 3, 4)} --labels {Labels(f, 0, 1, 7)}", "Label 2 is 7, but the model's output * has 3 classes: labels go from 0 to 2. *"),
        new("input left out", f => $"{Residual(f)} --input x={Floats(f, "x.pb", 3, 3, 8, 8)} --labels {Labels(f)}", "The model reads 'x' and 'extra', but nothing is given for 'extra'; give a tensor for it."),
        new("no gradient", f => $"{Unique(f)} --input {Floats(f, "x.pb", 3, 4)} --labels {Labels(f)}", "No gradient for 'Unique' (node '*') on the path from parameter 'w' to the loss ('w' → * → … → loss). Freeze everything before '*' or cut there."),
        new("nothing trainable", f => $"{Model(f)} --input {Floats(f, "x.pb", 3, 4)} --labels {Labels(f)} --trainable tail*", "No parameter's name fits 'tail*'.*"),
        new("output is a file", f => $"{Model(f)} --input {Floats(f, "x.pb", 3, 4)} --labels {Labels(f)} --out {f.Text("file", "x")}", "The output folder '*file' cannot be written (it is a file). Give a folder that can."),
    ];

    public static IEnumerable<object[]> Names => Rows.Select(r => new object[] { r.Name });

    [TestMethod, DynamicData(nameof(Names))]
    public async Task BadInputIsToldInOneLineAndLeavesNothing(string name)
    {
        BadInput row = Rows.Single(r => r.Name == name);
        using TempFolder folder = new();
        string[] args = ["gradients", .. row.Arguments(folder).Split(' ')];
        CommandResult result = await CommandLine.RunAsync(args.Contains("--out") ? args : [.. args, "--out", folder["out"]]);
        Assert.AreEqual(1, result.Code, result.Error);
        StringAssert.Matches(result.Error, new($"^error: {System.Text.RegularExpressions.Regex.Escape(row.Message).Replace("\\*", ".*")}\n$"));
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod]
    [DataRow("gradients", "Give the model whose gradients are computed, or --list.")]
    [DataRow("gradients m.onnx", "Option '--input' is required.")]
    [DataRow("gradients m.onnx --input x.pb", "Option '--labels' is required.")]
    [DataRow("gradients m.onnx --input x.pb --labels y.pb", "Option '--out' is required.")]
    [DataRow("gradients --list --out d", "--list stands alone: --out says which gradients are computed.")]
    [DataRow("gradients m.onnx --list", "--list stands alone: a model says which gradients are computed.")]
    [DataRow("gradients m.onnx --markdown", "--markdown goes with --list.")]
    [DataRow("gradients m.onnx --input x.pb --labels y.pb --out d --loss hinge", "--loss cannot be 'hinge': give softmax-cross-entropy, binary-cross-entropy or mse.")]
    public async Task WrongUsageSaysWhatIsPossible(string words, string message)
    {
        CommandResult result = await CommandLine.RunAsync(words.Split(' '));
        Assert.AreEqual(2, result.Code, result.Error);
        StringAssert.StartsWith(result.Error, $"error: {message}");
    }

    [TestMethod]
    public async Task WritesTheLossAndAFileForEachGradient()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("gradients", Model(folder), "--input", Floats(folder, "x.pb", 3, 4), "--labels", Labels(folder), "--out", folder["out"]);
        StringAssert.Matches(result.Output, new(@"^loss \d+\.\d{4}; 4 gradients in .*grads\n$"));
        Assert.AreEqual("", result.Error);
        CollectionAssert.AreEquivalent((string[])["body.weight.pb", "body.bias.pb", "head.weight.pb", "head.bias.pb"], Directory.EnumerateFiles(folder["out", "grads"]).Select(Path.GetFileName).ToArray());
        Assert.AreEqual("Float [6, 4]", TensorFile.Load(folder["out", "grads", "body.weight.pb"]).ToString());
        Assert.AreEqual("Float []", TensorFile.Load(folder["out", "loss.pb"]).ToString());
    }

    [TestMethod]
    public async Task SeveralInputsAreNamed()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("gradients", Residual(folder), "--json", "--input", $"x={Floats(folder, "x.pb", 3, 3, 8, 8)}",
            "--input", $"extra={Floats(folder, "extra.pb", 3, 6)}", "--labels", Labels(folder), "--trainable", "fc2*", "--out", folder["out"]);
        JsonElement[] gradients = [.. result.Json.GetProperty("gradients").EnumerateArray()];
        CollectionAssert.AreEqual((string[])["fc2.w", "fc2.b"], gradients.Select(g => g.GetProperty("name").GetString()).ToArray());
        Assert.AreEqual("grads/fc2.w.pb", gradients[0].GetProperty("file").GetString());
        Assert.IsGreaterThan(0, gradients[0].GetProperty("norm").GetDouble());
        Assert.AreEqual("[5,6]", JsonSerializer.Serialize(gradients[0].GetProperty("shape")));
        CommandResult unnamed = await CommandLine.RunAsync("gradients", Residual(folder), "--input", folder["x.pb"], "--labels", folder["labels.pb"], "--out", folder["out"]);
        Assert.AreEqual(2, unnamed.Code);
        StringAssert.Contains(unnamed.Error, "names none of the model's inputs ('x', 'extra'); give --input NAME=FILE for each.");
    }

    [TestMethod]
    public async Task OtherLossesTakeOtherLabels()
    {
        using TempFolder folder = new();
        string model = Model(folder), x = Floats(folder, "x.pb", 3, 4), y = Floats(folder, "y.pb", 3, 3);
        CommandResult squares = await CommandLine.SucceedAsync("gradients", model, "--json", "--input", x, "--labels", y, "--loss", "mse", "--out", folder["out"]);
        ModelGradients expected = ModelGradients.Of(Surgery.Model.Load(model), new Dictionary<string, TensorData> { ["x"] = TensorFile.Load(x) }, TensorFile.Load(y),
            new ModelGradientsOptions { Loss = new MeanSquaredError() });
        Assert.AreEqual(expected.Loss, squares.Json.GetProperty("loss").GetSingle());
        CollectionAssert.AreEqual(expected.Gradients["head.bias"].ToFloats(), TensorFile.Load(folder["out", "grads", "head.bias.pb"]).ToFloats());
    }

    [TestMethod]
    public async Task TheTableListsEveryOperator()
    {
        CommandResult plain = await CommandLine.SucceedAsync("gradients", "--list");
        StringAssert.Matches(plain.Output, new(@"(?m)^Conv +rule +X, W, B"));
        StringAssert.Matches(plain.Output, new(@"(?m)^LSTM +written out first +a sequence of known length$"));
        JsonElement operators = (await CommandLine.SucceedAsync("gradients", "--list", "--json")).Json.GetProperty("operators");
        Assert.AreEqual(GradientTable.All.Count, operators.GetArrayLength());
        JsonElement conv = operators.EnumerateArray().Single(o => o.GetProperty("fullName").GetString() == "Conv");
        Assert.AreEqual("rule", conv.GetProperty("source").GetString());
    }

    [TestMethod]
    public async Task TheDocumentIsWhatTheCommandPrints() => Assert.AreEqual(
        File.ReadAllText(Repository.File("docs", "operators.md")).ReplaceLineEndings("\n"),
        (await CommandLine.SucceedAsync("gradients", "--list", "--markdown")).Output.ReplaceLineEndings("\n"),
        "docs/operators.md is out of date; run: dotnet run --project Cli -- gradients --list --markdown > docs/operators.md");

    private static string Model(TempFolder folder) => folder.Save(TrainingModels.Mlp(4, 6, 3));

    private static string Residual(TempFolder folder) => folder.Save(ResidualModels.Build(secondInput: true), "residual.onnx");

    private static string Labels(TempFolder folder, params long[] labels)
    {
        long[] numbers = labels.Length > 0 ? labels : [0, 1, 2];
        TensorFile.Save(folder["labels.pb"], "labels", TensorData.FromLongs(numbers, numbers.Length));
        return folder["labels.pb"];
    }

    private static string Floats(TempFolder folder, string name, params long[] shape)
    {
        TensorFile.Save(folder[name], "", TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), 3), shape));
        return folder[name];
    }

    /// <summary>x · w → its different rows → logits: Unique has no gradient.</summary>
    private static string Unique(TempFolder folder)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4));
        Value product = op.MatMul(x, graph.AddInitializer("w", TensorData.FromFloats(TrainingModels.Numbers(12, 1), 4, 3)));
        graph.AddOutput(op.Reshape(op.Op("Unique", [product], ("axis", 0)), -1, 3));
        return folder.Save(new Model(graph) { Opset = GraphBuilder.WorkingOpset });
    }
}
