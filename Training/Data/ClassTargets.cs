namespace OnnxFineTune.Training;

/// <summary>Targets of a data set, class indices brought to the order in which the model has its classes.</summary>
internal sealed class ClassTargets
{
    private readonly IDataset _dataset;
    private readonly int[]? _map;
    private readonly bool _probabilities;

    /// <summary>Targets as a model with these labels takes them.</summary>
    /// <param name="dataset">The examples.</param>
    /// <param name="labels">The model's labels; empty where it has none.</param>
    /// <param name="probabilities">Whether a class index becomes a row of probabilities, 1 for that class, as <see cref="ILoss.WithClassProbabilities"/> takes them.</param>
    /// <exception cref="DatasetException">The data set has a class that the model does not know; the message names it.</exception>
    public ClassTargets(IDataset dataset, IReadOnlyList<string> labels, bool probabilities = false)
    {
        _dataset = dataset;
        _probabilities = probabilities && dataset.TargetLength == 1 && dataset.Count > 0 && dataset.ClassOf(0) is not null;
        Length = _probabilities ? Math.Max(labels.Count, dataset.Labels.Count) : dataset.TargetLength;
        if (labels.Count == 0 || dataset.Labels.Count == 0 || dataset.Labels.SequenceEqual(labels))
            return;
        string[] unknown = [.. dataset.Labels.Except(labels)];
        if (unknown.Length > 0 || dataset.TargetLength != 1)
            throw new DatasetException($"The labels do not match: the data has {Quote(unknown.Length > 0 ? unknown : dataset.Labels)}, the model knows {Quote(labels)}. " +
                "Rename or remove what the model does not know, or train with it.");
        _map = [.. dataset.Labels.Select(l => labels.Index().First(m => m.Item == l).Index)];
    }

    /// <summary>Numbers in one target.</summary>
    public int Length { get; }

    /// <summary>Writes the target of an example.</summary>
    public void CopyTo(int example, Span<float> destination)
    {
        if (_probabilities)
        {
            destination.Clear();
            destination[_map is null ? _dataset.ClassOf(example)!.Value : _map[_dataset.ClassOf(example)!.Value]] = 1;
            return;
        }
        _dataset.CopyTarget(example, destination);
        if (_map is not null)
            destination[0] = _map[(int)destination[0]];
    }

    /// <summary>The targets of several examples one after the other.</summary>
    public ReadOnlyMemory<float> Of(IReadOnlyList<int> examples, float[] buffer)
    {
        for (int i = 0; i < examples.Count; i++)
            CopyTo(examples[i], buffer.AsSpan(i * Length, Length));
        return buffer.AsMemory(0, examples.Count * Length);
    }

    private static string Quote(IReadOnlyList<string> names)
    {
        const int most = 8;
        string text = string.Join(", ", names.Take(most).Select(n => $"'{n}'"));
        return names.Count > most ? $"{text} and {names.Count - most} more" : text;
    }
}
