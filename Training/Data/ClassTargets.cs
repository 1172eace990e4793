namespace OnnxFineTune.Training;

/// <summary>Targets of a data set, class indices brought to the order in which the model has its classes.</summary>
internal sealed class ClassTargets
{
    private readonly IDataset _dataset;
    private readonly int[]? _map;

    /// <summary>Targets as a model with these labels takes them.</summary>
    /// <param name="dataset">The examples.</param>
    /// <param name="labels">The model's labels; empty where it has none.</param>
    /// <exception cref="DatasetException">The data set has a class that the model does not know; the message names it.</exception>
    public ClassTargets(IDataset dataset, IReadOnlyList<string> labels)
    {
        _dataset = dataset;
        if (labels.Count == 0 || dataset.Labels.Count == 0 || dataset.Labels.SequenceEqual(labels))
            return;
        string[] unknown = [.. dataset.Labels.Except(labels)];
        if (unknown.Length > 0 || dataset.TargetLength != 1)
            throw new DatasetException($"The labels do not match: the data has {Quote(unknown.Length > 0 ? unknown : dataset.Labels)}, the model knows {Quote(labels)}. " +
                "Rename or remove what the model does not know, or train with it.");
        _map = [.. dataset.Labels.Select(l => labels.Index().First(m => m.Item == l).Index)];
    }

    /// <summary>Numbers in one target.</summary>
    public int Length => _dataset.TargetLength;

    /// <summary>Writes the target of an example.</summary>
    public void CopyTo(int example, Span<float> destination)
    {
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
