namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class StratifiedSplitTests
{
    /// <summary>Sizes of the classes, fraction, expected validation counts.</summary>
    public static IEnumerable<object[]> Cases() =>
    [
        [new[] { 100, 50 }, 0.2, new[] { 20, 10 }],
        [new[] { 10, 10 }, 0.15, new[] { 2, 2 }],      // 1.5 rounds to even
        [new[] { 3, 100 }, 0.1, new[] { 1, 10 }],      // at least one
        [new[] { 1, 2 }, 0.5, new[] { 0, 1 }],         // a single example is trained on
        [new[] { 2, 2 }, 0.9, new[] { 1, 1 }],         // never all
        [new[] { 7, 9 }, 0.0, new[] { 0, 0 }],
    ];

    [TestMethod, DynamicData(nameof(Cases))]
    public void EveryClassHasItsShare(int[] sizes, double fraction, int[] expected)
    {
        int[] classes = [.. sizes.SelectMany((size, c) => Enumerable.Repeat(c, size))];
        (int[] training, int[] validation) = StratifiedSplit.Of(classes, fraction, seed: 5);
        CollectionAssert.AreEqual(Enumerable.Range(0, classes.Length).ToArray(), training.Concat(validation).Order().ToArray());
        CollectionAssert.AreEqual(expected, sizes.Select((_, c) => validation.Count(i => classes[i] == c)).ToArray());
    }

    [TestMethod]
    public void TheSeedDecides()
    {
        int[] classes = [.. Enumerable.Range(0, 60).Select(i => i % 3)];
        CollectionAssert.AreEqual(StratifiedSplit.Of(classes, 0.3, 1).Validation, StratifiedSplit.Of(classes, 0.3, 1).Validation);
        CollectionAssert.AreNotEqual(StratifiedSplit.Of(classes, 0.3, 1).Validation, StratifiedSplit.Of(classes, 0.3, 2).Validation);
    }

    [TestMethod]
    [DataRow(-0.1)]
    [DataRow(1.0)]
    public void AFractionOutOfRangeIsRefused(double fraction) => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => StratifiedSplit.Of([0, 1], fraction, 0));
}
