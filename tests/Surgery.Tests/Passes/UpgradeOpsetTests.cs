using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class UpgradeOpsetTests
{
    public required TestContext TestContext { get; init; }

    /// <summary>Every conformance model below the working operator set gives its expected outputs after the upgrade, or is refused for a stated reason.</summary>
    [TestMethod]
    public void UpgradedConformanceModelsGiveTheirExpectedOutputs() => Check(model =>
    {
        UpgradeOpset.Run(model);
        return model;
    });

    /// <summary>The same of all passes together.</summary>
    [TestMethod]
    public void ConformanceModelsInWorkingFormGiveTheirExpectedOutputs() => Check(model => model.ToWorkingForm());

    private void Check(Func<Model, Model> pass)
    {
        Dictionary<string, ConformanceResult> results = Present.Conformance().AsParallel().WithDegreeOfParallelism(2)
            .ToDictionary(f => f, f => PassConformance.Check(f, pass, TestContext.CancellationToken));
        foreach (IGrouping<ConformanceOutcome, KeyValuePair<string, ConformanceResult>> group in results.GroupBy(r => r.Value.Outcome).OrderBy(g => g.Key))
        {
            TestContext.WriteLine($"{group.Key}: {group.Count()}");
            if (group.Key is not (ConformanceOutcome.Equal or ConformanceOutcome.NotRunnable))
                foreach ((string file, ConformanceResult result) in group)
                    TestContext.WriteLine($"  {ConformanceModels.Name(file)}: {result.Detail}");
        }
        Assert.IsFalse(results.Values.Any(r => r.Outcome == ConformanceOutcome.Different), "A pass changed what a model computes.");
        Assert.IsTrue(results.Values.Count(r => r.Outcome == ConformanceOutcome.Equal) > 950);
    }
}
