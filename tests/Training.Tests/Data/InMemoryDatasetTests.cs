using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class InMemoryDatasetTests
{
    private static readonly Shape Pair = Shape.Of(2);

    [TestMethod]
    public void ExamplesAndTargetsAreThoseGiven()
    {
        InMemoryDataset data = InMemoryDataset.OfClasses(Pair, new float[] { 1, 2, 3, 4, 1, 2 }, [1, 0, 1], ["a", "b"]);
        float[] input = new float[2], target = new float[1];
        data.Load(1, input);
        data.CopyTarget(2, target);
        CollectionAssert.AreEqual(new float[] { 3, 4 }, input);
        Assert.AreEqual(1f, target[0]);
        Assert.AreEqual(0, data.ClassOf(1));
        Assert.AreEqual(data.HashOf(0), data.HashOf(2));
        Assert.AreNotEqual(data.HashOf(0), data.HashOf(1));
    }

    [TestMethod]
    public void ValuesHaveNoClass()
    {
        InMemoryDataset data = InMemoryDataset.OfValues(Pair, new float[] { 1, 2, 3, 4 }, new float[] { 5, 6, 7, 8, 9, 10 }, 3);
        float[] target = new float[3];
        data.CopyTarget(1, target);
        CollectionAssert.AreEqual(new float[] { 8, 9, 10 }, target);
        Assert.IsNull(data.ClassOf(0));
    }

    [TestMethod]
    public void NumbersThatDoNotFitAreRefused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<DatasetException>(() => InMemoryDataset.OfValues(Pair, new float[3], new float[1], 1)).Message, "whole number of examples");
        StringAssert.Contains(Assert.ThrowsExactly<DatasetException>(() => InMemoryDataset.OfValues(Pair, new float[4], new float[1], 1)).Message, "2 target values");
        StringAssert.Contains(Assert.ThrowsExactly<DatasetException>(() => InMemoryDataset.OfClasses(Pair, new float[4], [0, 2], ["a", "b"])).Message, "Example 1 is of class 2");
    }

    [TestMethod]
    public void ASubsetShowsTheSourcesExamples()
    {
        InMemoryDataset data = InMemoryDataset.OfClasses(Pair, new float[] { 1, 2, 3, 4, 5, 6 }, [0, 1, 1], ["a", "b"]);
        DatasetSubset subset = new(data, [2, 0]);
        float[] input = new float[2];
        subset.Load(0, input);
        CollectionAssert.AreEqual(new float[] { 5, 6 }, input);
        Assert.AreEqual(0, subset.ClassOf(1));
        Assert.AreEqual(data.HashOf(2), subset.HashOf(0));
        Assert.AreEqual("example 2", subset.NameOf(0));
    }
}
