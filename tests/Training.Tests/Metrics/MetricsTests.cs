namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class MetricsTests
{
    [TestMethod]
    public void AccuracyCountsLargestOutputs()
    {
        Accuracy accuracy = new();
        accuracy.AddClasses([1, 2, 3, 9, 0, 0], [2, 1]);        // right, wrong
        accuracy.AddClasses([0.5f, 0.5f, 0.1f], [0]);           // the first of equals
        Assert.AreEqual(2 / 3.0, accuracy.Value, 1e-12);
    }

    [TestMethod]
    [DataRow(0f, 0.5)]
    [DataRow(0.5f, 0.75)]
    public void AccuracyCountsLabelsAtTheirThreshold(float threshold, double expected)
    {
        Accuracy accuracy = new();
        accuracy.AddLabels([0.4f, -1, 0.9f, -2], [0, 0, 1, 1], threshold);
        Assert.AreEqual(expected, accuracy.Value, 1e-12);
    }

    [TestMethod]
    public void MeanLossWeighsBatchesByTheirSize()
    {
        MeanLoss loss = new();
        loss.Add(1, 3);
        loss.Add(5, 1);
        Assert.AreEqual(2, loss.Value, 1e-12);
    }

    [TestMethod]
    public void ConfusionMatrixCountsByTrueAndPredictedClass()
    {
        ConfusionMatrix matrix = new(["cat", "dog", "owl"]);
        foreach ((int actual, int predicted) in new[] { (0, 0), (0, 0), (0, 1), (1, 1) })
            matrix.Add(actual, predicted);
        Assert.AreEqual(2, matrix[0, 0]);
        Assert.AreEqual(1, matrix[0, 1]);
        Assert.AreEqual(4, matrix.Total);
        Assert.AreEqual(0.75, matrix.Accuracy, 1e-12);
        Assert.AreEqual(2 / 3.0, matrix.Recall(0), 1e-12);
        Assert.AreEqual(0.5, matrix.Precision(1), 1e-12);
        Assert.IsTrue(double.IsNaN(matrix.Recall(2)));
        Assert.AreEqual("true \\ predicted\tcat\tdog\towl\ncat\t2\t1\t0\ndog\t0\t1\t0\nowl\t0\t0\t0\n", matrix.ToString());
    }
}
