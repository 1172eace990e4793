using OnnxFineTune.Models;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli.Tests;

[TestClass]
public sealed class TerminalTests
{
    [TestMethod]
    [DataRow(0, "0.0 %")]
    [DataRow(0.97349, "97.3 %")]
    [DataRow(1, "100.0 %")]
    public void SharesAreShownAsPercent(double share, string text) => Assert.AreEqual(text, Figures.Percent(share));

    [TestMethod]
    [DataRow(0.12345, "0.1235")]
    [DataRow(9999.0, "9999.0000")]
    [DataRow(7.84e31, "7.84E+031")]
    public void LossesStayShort(double loss, string text) => Assert.AreEqual(text, Figures.Loss(loss));

    [TestMethod]
    public void SmallConfusionsAreTables()
    {
        ConfusionMatrix confusion = new(["cat", "dog"]);
        confusion.Add(0, 0);
        confusion.Add(1, 0);
        Assert.AreEqual("true \\ predicted cat dog\ncat                1   0\ndog                1   0\n", Shown(confusion));
    }

    [TestMethod]
    public void LargeConfusionsAreTheirMostFrequentMistakes()
    {
        ConfusionMatrix confusion = new([.. Enumerable.Range(0, 13).Select(i => $"c{i}")]);
        foreach ((int actual, int predicted, int times) in ((int, int, int)[])[(0, 0, 9), (3, 4, 2), (12, 1, 5)])
            for (int i = 0; i < times; i++)
                confusion.Add(actual, predicted);
        Assert.AreEqual("most frequent mistakes\n5   c12 taken for c1\n2   c3 taken for c4\n", Shown(confusion));
    }

    [TestMethod]
    public void ErrorsAreOneLine()
    {
        using StringWriter output = new(), error = new();
        new Terminal(output, error, json: true, interactive: false).Error("first\n\tsecond\r\nthird");
        Assert.AreEqual("error: first second third", error.ToString().TrimEnd());
        Assert.AreEqual("first second third", new CommandResult(1, output.ToString(), "").Json.GetProperty("error").GetString());
    }

    [TestMethod]
    [DataRow("train", "cut at ")]
    [DataRow("inspect", "classifier ")]
    public async Task APersonSeesTheSameFacts(string verb, string fact)
    {
        using TempFolder folder = new();
        using StringWriter output = new(), error = new();
        string model = folder.Save(ColorClassifier.Build());
        string[] args = verb == "train" ? ["--model", model, "--images", folder.Pictures(), "--out", folder["out"], "--no-cache"] : [model];
        Assert.AreEqual(0, await new Application(output, error, interactive: true).RunAsync([verb, .. args]), error.ToString());
        Assert.Contains(fact, output.ToString());
        Assert.AreEqual("", error.ToString());
    }

    private static string Shown(ConfusionMatrix confusion)
    {
        using StringWriter output = new();
        ConfusionReport.Show(new Terminal(output, TextWriter.Null, json: false, interactive: false), confusion);
        return output.ToString().ReplaceLineEndings("\n");
    }
}
