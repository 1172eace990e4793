using System.Text.RegularExpressions;

namespace OnnxFineTune.Cli.Tests;

/// <summary>What the README says to do works as it stands there.</summary>
[TestClass]
public sealed class ReadmeTests
{
    private const string Run = "dotnet run --project Cli ";

    private static readonly string Readme = File.ReadAllText(Repository.File("README.md")).ReplaceLineEndings("\n");

    [TestMethod]
    public async Task CommandsSucceed()
    {
        using TempFolder folder = LinkedFolder();
        string[] commands = [.. Blocks("sh").SelectMany(b => b.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        Assert.IsTrue(commands.Any(c => c.StartsWith(Run, StringComparison.Ordinal)));
        foreach (string command in commands)
            if (command.StartsWith(Run, StringComparison.Ordinal))
            {
                string[] args = command[(command.IndexOf(" -- ", StringComparison.Ordinal) + 4)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                CommandResult result = await ProgramRun.RunAsync(ProgramRun.Onnxft, folder.Path, args);
                Assert.AreEqual(0, result.Code, $"{command}\n{result.Error}");
            }
            else
                StringAssert.Contains(File.ReadAllText(Repository.File(".ci", "run")), command, "the tests run otherwise than the README says");
    }

    [TestMethod]
    public void TheProgramsAreThoseThatAreBuilt() =>
        CollectionAssert.AreEqual(
            ((string[])["Program.cs", "Device.cs"]).Select(f => File.ReadAllText(Repository.File("tests", "ReadmeExample", f)).ReplaceLineEndings("\n")).ToArray(), Blocks("csharp").ToArray());

    /// <summary>Options that are named in tables and sentences rather than in commands that run.</summary>
    [TestMethod]
    public async Task OptionsThatAreNamedExist()
    {
        string help = string.Concat(await Task.WhenAll(((string[])["train", "artifacts", "export", "evaluate", "predict", "inspect", "gradients", "check-gradients"]).Select(async verb => (await CommandLine.SucceedAsync(verb, "--help")).Output)));
        string prose = Regex.Replace(Readme, "(?ms)^```.*?^```$", "");
        string[] options = [.. Regex.Matches(prose, @"`[^`]*`").SelectMany(code => Regex.Matches(code.Value, @"(?<=[`\s])--[a-z-]+")).Select(m => m.Value).Distinct()];
        CollectionAssert.Contains(options, "--from-features");
        foreach (string option in options)
            Assert.IsTrue(Regex.IsMatch(help, $@"(?m)^ +(-\w, )?{option}(?![\w-])"), option);
    }

    [TestMethod]
    public async Task TheProgramPredicts()
    {
        using TempFolder folder = LinkedFolder();
        CommandResult result = await ProgramRun.RunAsync(ProgramRun.ReadmeExample, folder.Path);
        Assert.AreEqual(0, result.Code, result.Error);
        StringAssert.Matches(result.Lines[^1], new(@"^[a-z-]+ \d+\.\d %(, [a-z-]+ \d+\.\d %){4}\r?$"));
        Assert.IsTrue(File.Exists(folder["clothes.onnx"]));
    }

    [TestMethod]
    public void LinksLeadToFiles()
    {
        string[] links = [.. Regex.Matches(Readme, @"\]\(([^)#\s]+)").Select(m => m.Groups[1].Value).Where(l => !l.Contains("://"))];
        Assert.IsNotEmpty(links);
        foreach (string link in links)
            Assert.IsTrue(Path.Exists(Repository.File(link)), link);
    }

    [TestMethod]
    public void FoldersThatAreNamedExist()
    {
        string[] folders = [.. Regex.Matches(Readme, @"`(\w+)/`").Select(m => m.Groups[1].Value).Distinct()];
        Assert.IsNotEmpty(folders);
        foreach (string folder in folders)
            Assert.IsTrue(Directory.Exists(Repository.File(folder)), folder);
    }

    private static IEnumerable<string> Blocks(string language) => Regex.Matches(Readme, $@"(?ms)^```{language}\n(.*?)^```$").Select(m => m.Groups[1].Value);

    /// <summary>A folder with the checkout's <c>models</c> and <c>samples</c>, where what the commands write leaves no trace.</summary>
    private static TempFolder LinkedFolder()
    {
        TempFolder folder = new();
        foreach (string name in (string[])["models", "samples"])
            Directory.CreateSymbolicLink(folder[name], Repository.File(name));
        return folder;
    }
}
