namespace OnnxFineTune.Cli.Tests;

[TestClass]
public sealed class HelpTests
{
    [TestMethod]
    [DataRow("", "inspect <model>|train|evaluate|predict <files>|merge|artifacts|export|gradients|check-gradients <model>|engines|demo|--version|--json")]
    [DataRow("inspect", "<model>|--all|--trainable|--batch|--json")]
    [DataRow("train", "--model|--images|--test|--out|--cut|--drop-bypass|--remove-last|--head|--dropout|--trainable|--lora|--lora-on|--preprocess|--strict|--epochs|--batch|--lr|--layer-decay|--head-first|--optimizer|"
        + "--momentum|--weight-decay|--schedule|--warmup|--label-smoothing|--clip|--validation|--no-refit|--patience|--batch-norm|--checkpointing|--seed|--engine|--threads|--cache|--no-cache|--json")]
    [DataRow("evaluate", "--model|--images|--preprocess|--strict|--threads|--json")]
    [DataRow("predict", "<files>|--model|--top|--preprocess|--strict|--threads|--json")]
    [DataRow("artifacts", "--model|--out|--cut|--drop-bypass|--remove-last|--head|--dropout|--trainable|--lora|--lora-on|--labels|--preprocess|--loss|--label-smoothing|--optimizer|--weight-decay|--clip|--accumulate|--nominal|"
        + "--from-features|--native-kernels|--seed|--verify|--json")]
    [DataRow("merge", "--model|--adapter|--out|--json")]
    [DataRow("export", "--artifacts|--out|--checkpoint|--model|--labels|--json")]
    [DataRow("gradients", "<model>|--input|--labels|--loss|--trainable|--batch-norm|--threads|--out|--list|--markdown|--json")]
    [DataRow("check-gradients", "<model>|--input|--labels|--loss|--trainable|--batch-norm|--threads|--directions|--tolerance|--seed|--json")]
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
