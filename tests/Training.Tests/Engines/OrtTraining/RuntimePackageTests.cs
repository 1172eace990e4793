using System.Diagnostics;
using System.Text.Json;

namespace OnnxFineTune.Training.Tests;

/// <summary>Which package of ONNX Runtime a build takes, as MSBuild evaluates the projects.</summary>
[TestClass]
public sealed class RuntimePackageTests
{
    [TestMethod]
    [DataRow("Microsoft.ML.OnnxRuntime.Training", "-p:OnnxRuntimeTraining=true", true)]
    [DataRow("Microsoft.ML.OnnxRuntime", "-p:OnnxRuntimeTraining=false", false)]
    public async Task OnePropertyChoosesThePackage(string package, string property, bool isLastOfTraining)
    {
        using JsonDocument evaluated = JsonDocument.Parse(await Evaluate(property));
        JsonElement items = evaluated.RootElement.GetProperty("Items");
        Assert.AreEqual(package, Runtime(items.GetProperty("PackageReference")).Single().GetProperty("Identity").GetString());
        JsonElement chosen = Runtime(items.GetProperty("PackageVersion")).Single();
        Assert.AreEqual(package, chosen.GetProperty("Identity").GetString());
        Assert.AreEqual(isLastOfTraining, chosen.GetProperty("Version").GetString() == "1.19.2");
    }

    private static IEnumerable<JsonElement> Runtime(JsonElement items) => items.EnumerateArray().Where(i => i.GetProperty("Identity").GetString()!.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal));

    private static async Task<string> Evaluate(string property)
    {
        string project = Path.Combine(Root(), "Surgery", "OnnxFineTune.Surgery.csproj");
        ProcessStartInfo start = new("dotnet", ["msbuild", project, property, "-getItem:PackageReference,PackageVersion"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.AreEqual(0, process.ExitCode, output);
        return output;
    }

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests do not lie in a checkout: no Directory.Packages.props above them.");
    }
}
