using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class UpgradeOpsetTests
{
    public required TestContext TestContext { get; init; }

    /// <summary>Every conformance model below the working operator set gives its expected outputs after the upgrade, or is refused for a stated reason.</summary>
    [TestMethod]
    public void ConformanceModelsGiveTheirExpectedOutputs()
    {
        if (ConformanceModels.Root is null)
        {
            Assert.Inconclusive("libonnx-testdata is not installed.");
            return;
        }
        Dictionary<string, ConformanceResult> results = ConformanceModels.Files.AsParallel().WithDegreeOfParallelism(2)
            .ToDictionary(f => f, f => UpgradedConformance.Check(f, TestContext.CancellationToken));
        foreach (IGrouping<ConformanceOutcome, KeyValuePair<string, ConformanceResult>> group in results.GroupBy(r => r.Value.Outcome).OrderBy(g => g.Key))
        {
            TestContext.WriteLine($"{group.Key}: {group.Count()}");
            if (group.Key is not (ConformanceOutcome.Equal or ConformanceOutcome.NotRunnable))
                foreach ((string file, ConformanceResult result) in group)
                    TestContext.WriteLine($"  {Path.GetFileName(Path.GetDirectoryName(file))}: {result.Detail}");
        }
        Assert.IsFalse(results.Values.Any(r => r.Outcome == ConformanceOutcome.Different), "An upgrade changed what a model computes.");
        Assert.IsTrue(results.Values.Count(r => r.Outcome == ConformanceOutcome.Equal) > 700);
    }
}
