using OnnxFineTune.Inference;

namespace OnnxFineTune.Training;

/// <summary>Adds up what a finished model gives, in terms of the data set: classes, labels or values.</summary>
/// <param name="dataset">The examples.</param>
/// <param name="labels">The model's labels.</param>
/// <param name="activation">What the output lacks to be probabilities of so many classes.</param>
internal sealed class EvaluationTally(IDataset dataset, IReadOnlyList<string> labels, Func<int, ScoreActivation> activation)
{
    private readonly bool _classes = dataset.Count > 0 && dataset.ClassOf(0) is not null;
    private readonly bool _labels = dataset.Count > 0 && dataset.ClassOf(0) is null && dataset.Labels.Count > 0;
    private readonly Accuracy _accuracy = new();
    private readonly MeanLoss _loss = new();
    private ConfusionMatrix _confusion = new([]);
    private int _count;

    /// <summary>Adds a batch.</summary>
    /// <param name="outputs">The model's output, row by row.</param>
    /// <param name="targets">The targets, example by example.</param>
    /// <exception cref="DatasetException">The output has another number of classes or values than the data set.</exception>
    public void Add(float[] outputs, ReadOnlySpan<float> targets)
    {
        int count = targets.Length / dataset.TargetLength;
        int width = outputs.Length / count;
        Check(width);
        _count += count;
        if (_classes)
            AddClasses(outputs, targets, width);
        else if (_labels)
            AddLabels(outputs, targets, width);
        else
            for (int i = 0; i < targets.Length; i++)
                _loss.Add((outputs[i] - targets[i]) * (double)(outputs[i] - targets[i]), 1);
    }

    /// <summary>What it comes to.</summary>
    /// <exception cref="DatasetException">There was no example.</exception>
    public EvaluationResult Result(IReadOnlyList<string> unreadable) => _count == 0
        ? throw new DatasetException($"There is nothing to measure: none of the {dataset.Count} examples can be read.")
        : new EvaluationResult(_count, _classes || _labels ? _accuracy.Value : null, _loss.Value, _confusion, unreadable);

    private void Check(int width)
    {
        int expected = _classes ? labels.Count : dataset.TargetLength;
        if (width != expected)
            throw new DatasetException($"The model gives {width} numbers per example, but the data have {expected} {(_classes ? "classes" : "target values")}. Use data of the model's kind.");
    }

    private void AddClasses(float[] outputs, ReadOnlySpan<float> targets, int width)
    {
        if (_confusion.Labels.Count == 0)
            _confusion = new ConfusionMatrix(labels);
        _accuracy.AddClasses(outputs, targets);
        ScoreActivation kind = activation(width);
        for (int i = 0; i < targets.Length; i++)
        {
            Span<float> row = outputs.AsSpan(i * width, width);
            ScoreActivations.Apply(kind, row);
            _confusion.Add((int)targets[i], Accuracy.LargestOf(row));
            _loss.Add(-Math.Log(Math.Max(row[(int)targets[i]], float.Epsilon)), 1);
        }
    }

    private void AddLabels(float[] outputs, ReadOnlySpan<float> targets, int width)
    {
        ScoreActivations.Apply(activation(width) == ScoreActivation.None ? ScoreActivation.None : ScoreActivation.Sigmoid, outputs);
        _accuracy.AddLabels(outputs, targets, threshold: 0.5f);
        for (int i = 0; i < targets.Length; i++)
            _loss.Add(-(targets[i] * Math.Log(Math.Max(outputs[i], float.Epsilon)) + (1 - targets[i]) * Math.Log(Math.Max(1.0 - outputs[i], float.Epsilon))), 1);
    }
}
