namespace OnnxFineTune.Surgery.Tests;

/// <summary>Every change of every operator of the standard is looked after: by an upgrade step, or because nodes written before mean the same after it.</summary>
[TestClass]
public sealed class UpgradeCoverageTests
{
    /// <summary>Changes whose rows are not in <see cref="UpgradeStepTests"/>, with what tests them.</summary>
    private static readonly Dictionary<string, string> TestedElsewhere = new()
    {
        ["Constant"] = nameof(CanonicalizeTests),
        ["GroupNormalization"] = nameof(UpgradeStepTests.GroupNormalizationGetsItsAffinePerChannel),
        ["Scan"] = nameof(UpgradeStepTests.TheFirstScanIsRefused),
    };

    [TestMethod]
    public void EveryChangeThatNeedsAStepHasOneAndNoOther()
    {
        string[] needed = [.. OperatorVersions.All.Where(c => c.NeedsStep).Select(c => $"{c.OpType}-{c.Version}").Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(needed, OpsetUpgrades.All.Keys.Select(k => $"{k.OpType}-{k.Version}").Order(StringComparer.Ordinal).ToArray());
    }

    /// <summary>Below operator set 7 there is no runtime to compare with.</summary>
    [TestMethod]
    public void EveryChangeOfFormSince7IsComparedInTheRuntime()
    {
        string[] missing = [.. OperatorVersions.All.Where(c => (c.NeedsStep || c.AddsDefaults) && c.Version > 7 && !TestedElsewhere.ContainsKey(c.OpType) && !IsReached(c))
            .Select(c => $"{c.OpType}-{c.Version}")];
        Assert.AreEqual("", string.Join(", ", missing), "No row of UpgradeStepTests begins before these versions.");
    }

    private static bool IsReached(OperatorChange change) =>
        UpgradeCases.All.Any(c => c.OpType == change.OpType && c.Opset < change.Version && c.Opset >= Math.Max(change.Before, 7));
}
