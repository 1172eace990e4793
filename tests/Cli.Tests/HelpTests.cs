namespace OnnxFineTune.Cli.Tests;

[TestClass]
public sealed class HelpTests
{
    [TestMethod]
    [DataRow("", "inspect <model>|train|evaluate|predict <files>|artifacts|export|gradients|engines|demo|--version|--json")]
    [DataRow("inspect", "<model>|--all|--json")]
    [DataRow("train", "--model|--images|--test|--out|--cut|--drop-bypass|--remove-last|--head|--dropout|--trainable|--preprocess|--strict|--epochs|--batch|--lr|--layer-decay|--head-first|--optimizer|"
        + "--momentum|--weight-decay|--schedule|--warmup|--label-smoothing|--clip|--validation|--no-refit|--patience|--seed|--engine|--threads|--cache|--no-cache|--json")]
    [DataRow("evaluate", "--model|--images|--preprocess|--strict|--threads|--json")]
    [DataRow("predict", "<files>|--model|--top|--preprocess|--strict|--threads|--json")]
    [DataRow("artifacts", "--model|--out|--cut|--drop-bypass|--remove-last|--head|--dropout|--trainable|--labels|--preprocess|--loss|--label-smoothing|--optimizer|--weight-decay|--clip|--accumulate|--nominal|"
        + "--from-features|--native-kernels|--seed|--verify|--json")]
    [DataRow("export", "--artifacts|--out|--checkpoint|--model|--labels|--json")]
    [DataRow("gradients", "<model>|--input|--labels|--loss|--trainable|--batch-norm|--threads|--out|--list|--markdown|--json")]
    [DataRow("engines", "--json")]
    [DataRow("demo", "--out|--json")]
    public async Task HelpNamesEverything(string verb, string names)
    {
        CommandResult result = await CommandLine.SucceedAsync(verb.Length > 0 ? [verb, "--help"] : []);
        foreach (string name in names.Split('|'))
            StringAssert.Matches(result.Output, new($@"(?m)^ +(-\w, )?{name}(?!\w).*\w"));
        Assert.AreEqual("", result.Error);
    }
}
