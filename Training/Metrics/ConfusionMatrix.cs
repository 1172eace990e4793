using System.Text;

namespace OnnxFineTune.Training;

/// <summary>Counts of true against predicted classes.</summary>
/// <param name="labels">Names of the classes.</param>
public sealed class ConfusionMatrix(IReadOnlyList<string> labels)
{
    private readonly int[,] _counts = new int[labels.Count, labels.Count];

    /// <summary>Names of the classes, which are also the rows and columns.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <summary>How many examples of class <paramref name="actual"/> were predicted as <paramref name="predicted"/>.</summary>
    public int this[int actual, int predicted] => _counts[actual, predicted];

    /// <summary>All examples.</summary>
    public int Total => _counts.Cast<int>().Sum();

    /// <summary>Share of examples on the diagonal, 0 to 1; NaN where there are none.</summary>
    public double Accuracy => Enumerable.Range(0, labels.Count).Sum(i => _counts[i, i]) / (double)Total;

    /// <summary>Counts one example.</summary>
    public void Add(int actual, int predicted) => _counts[actual, predicted]++;

    /// <summary>Share of the examples of a class that were predicted as it; NaN where it has none.</summary>
    public double Recall(int label) => _counts[label, label] / (double)Enumerable.Range(0, labels.Count).Sum(i => _counts[label, i]);

    /// <summary>Share of the predictions of a class that were right; NaN where it was never predicted.</summary>
    public double Precision(int label) => _counts[label, label] / (double)Enumerable.Range(0, labels.Count).Sum(i => _counts[i, label]);

    /// <summary>A line per true class with its counts by predicted class, tab-separated.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendJoin('\t', labels.Prepend("true \\ predicted")).Append('\n');
        for (int actual = 0; actual < labels.Count; actual++)
            text.AppendJoin('\t', Enumerable.Range(0, labels.Count).Select(p => _counts[actual, p].ToString()).Prepend(labels[actual])).Append('\n');
        return text.ToString();
    }
}
