using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary>Ctrl-C, as the token that it cancels.</summary>
[TestClass]
public sealed class InterruptTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task WhatWasLearnedIsSaved(bool json)
    {
        using TempFolder folder = new();
        using CancellationTokenSource cancellation = new();
        using WatchingWriter output = new("epoch 3/", cancellation.Cancel);
        using WatchingWriter error = new("epoch 3/", cancellation.Cancel);
        string[] args = [.. Train(folder, "--epochs", "100000", "--test", folder.Pictures("test")), .. json ? new[] { "--json" } : []];
        int code = await new Application(output, error, interactive: false).RunAsync(args, cancellation.Token);
        Assert.AreEqual(130, code, error.ToString());
        string people = (json ? error : output).ToString();
        Assert.Contains($"Interrupted. What was learned so far is saved: {folder["out", "model.onnx"]} (", people);
        CollectionAssert.AreEqual((string[])["green", "red"], Model.Load(folder["out", "model.onnx"]).GetLabels()!.ToArray());
        if (json)
            Assert.IsTrue(new CommandResult(code, output.ToString(), "").Json.GetProperty("cancelled").GetBoolean());
    }

    [TestMethod]
    public async Task NothingIsWrittenBeforeTheFirstStep()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(new StringWriter(), new CancellationToken(canceled: true), Train(folder));
        Assert.AreEqual(130, result.Code);
        Assert.AreEqual("error: Interrupted; no file was written.\n", result.Error);
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod]
    [DataRow("predict")]
    [DataRow("evaluate")]
    [DataRow("demo")]
    public async Task OtherVerbsEndAsWell(string verb)
    {
        using TempFolder folder = new();
        string model = folder.Save(Models.ColorClassifier.Build()), pictures = folder.Pictures(classes: 3);
        string[] args = verb switch
        {
            "predict" => ["--model", model, Path.Combine(pictures, "red", "00.png")],
            "evaluate" => ["--model", model, "--images", pictures],
            _ => ["--out", folder["out"]],
        };
        CommandResult result = await CommandLine.RunAsync(new StringWriter(), new CancellationToken(canceled: true), [verb, .. args]);
        Assert.AreEqual(130, result.Code, result.Error);
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    private static string[] Train(TempFolder folder, params string[] more) =>
        ["train", "--no-cache", "--model", folder.Residual(), "--images", folder.Pictures(), "--out", folder["out"], .. more];

    /// <summary>Acts as soon as a text is written.</summary>
    private sealed class WatchingWriter(string text, Action act) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
                act();
        }
    }
}
