using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class GradientRuleTests
{
    public static IEnumerable<object[]> Rows => Differentiable.Select(c => new object[] { c.ToString() });

    public static IEnumerable<object[]> RowsWithBatch => Differentiable.Where(c => c.Batch && c.Shapes[0] is [> 1, ..]).Select(c => new object[] { c.ToString() });

    public static IEnumerable<object[]> RowsWithoutGradient => GradientCases.None.Select(c => new object[] { c.ToString() });

    private static IEnumerable<GradientCase> Differentiable => GradientCases.All.Concat(GradientCases.WrittenOut);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void RuleMatchesFiniteDifferences(string row) => RuleCheck.Run(Find(Differentiable, row), batch: false);

    [TestMethod]
    [DynamicData(nameof(RowsWithBatch))]
    public void RuleWorksForABatchOfUnknownSize(string row) => RuleCheck.Run(Find(Differentiable, row), batch: true);

    [TestMethod]
    [DynamicData(nameof(RowsWithoutGradient))]
    public void OperatorPassesNoGradientOn(string row) => RuleCheck.RunWithoutGradient(Find(GradientCases.None, row));

    [TestMethod]
    public void EveryRuleHasACase()
    {
        CollectionAssert.AreEqual(Rules(r => r != GradientRule.None), Operators(GradientCases.All), "Operators with a gradient and operators with a row differ.");
        CollectionAssert.AreEqual(Rules(r => r == GradientRule.None), Operators(GradientCases.None), "Operators without a gradient and their rows differ.");
        CollectionAssert.AreEqual(WriteOut.Known.Except(ControlFlowTests.Operators).Except(QuantizedOperatorTests.Operators).Order(StringComparer.Ordinal).ToArray(), Operators(GradientCases.WrittenOut), "Operators that can be written out and their rows differ.");
    }

    private static string[] Rules(Func<GradientRule, bool> condition) =>
        [.. GradientRules.All.Where(r => condition(r.Value)).Select(r => r.Key).Order(StringComparer.Ordinal)];

    private static string[] Operators(IEnumerable<GradientCase> rows) => [.. rows.Select(c => c.Domain.Length > 0 ? $"{c.Domain}.{c.Operator}" : c.Operator).Distinct().Order(StringComparer.Ordinal)];

    private static GradientCase Find(IEnumerable<GradientCase> rows, string name) => rows.Single(c => c.ToString() == name);
}
