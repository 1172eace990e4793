using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Examples that lie in memory, ready as the model takes them.</summary>
public sealed class InMemoryDataset : IDataset
{
    private readonly ReadOnlyMemory<float> _inputs;
    private readonly ReadOnlyMemory<float> _targets;
    private readonly int _inputLength;
    private readonly bool _classes;

    private InMemoryDataset(Shape inputShape, ReadOnlyMemory<float> inputs, ReadOnlyMemory<float> targets, int targetLength, IReadOnlyList<string> labels, bool classes)
    {
        _inputLength = checked((int)(inputShape.ElementCount ?? throw new DatasetException($"The shape of one example, {inputShape}, has a dimension of unknown size.")));
        if (_inputLength == 0 || inputs.Length % _inputLength != 0)
            throw new DatasetException($"{inputs.Length} input values are no whole number of examples of shape {inputShape}.");
        Count = inputs.Length / _inputLength;
        if (targetLength < 1 || targets.Length != (long)Count * targetLength)
            throw new DatasetException($"{Count} examples need {(long)Count * targetLength} target values, {targetLength} each, not {targets.Length}.");
        (_inputs, _targets, _classes) = (inputs, targets, classes);
        (InputShape, TargetLength, Labels) = (inputShape, targetLength, [.. labels]);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public Shape InputShape { get; }

    /// <inheritdoc/>
    public int TargetLength { get; }

    /// <inheritdoc/>
    public string Preparation => "";

    /// <summary>Examples of one class each.</summary>
    /// <param name="inputShape">Static shape of one example.</param>
    /// <param name="inputs">All examples one after the other; not copied, so it must not change.</param>
    /// <param name="classes">The class index of each example.</param>
    /// <param name="labels">Names of the classes.</param>
    /// <exception cref="DatasetException">Numbers do not fit each other, or a class index is not below the number of labels.</exception>
    public static InMemoryDataset OfClasses(Shape inputShape, ReadOnlyMemory<float> inputs, IReadOnlyList<int> classes, IReadOnlyList<string> labels)
    {
        int wrong = classes.Index().FirstOrDefault(c => c.Item < 0 || c.Item >= labels.Count, (Index: -1, Item: 0)).Index;
        if (wrong >= 0)
            throw new DatasetException($"Example {wrong} is of class {classes[wrong]}, but there are only the classes 0 to {labels.Count - 1}.");
        return new InMemoryDataset(inputShape, inputs, classes.Select(c => (float)c).ToArray(), 1, labels, classes: true);
    }

    /// <summary>Examples with values as targets: numbers to predict, or 0 and 1 for each of several labels.</summary>
    /// <param name="inputShape">Static shape of one example.</param>
    /// <param name="inputs">All examples one after the other; not copied, so it must not change.</param>
    /// <param name="targets">All targets one after the other; not copied, so it must not change.</param>
    /// <param name="targetLength">Values in one target.</param>
    /// <param name="labels">Names of the target values; none by default.</param>
    /// <exception cref="DatasetException">Numbers do not fit each other.</exception>
    public static InMemoryDataset OfValues(Shape inputShape, ReadOnlyMemory<float> inputs, ReadOnlyMemory<float> targets, int targetLength, params IReadOnlyList<string> labels) =>
        new(inputShape, inputs, targets, targetLength, labels, classes: false);

    /// <inheritdoc/>
    public string NameOf(int index) => $"example {index}";

    /// <inheritdoc/>
    public int? ClassOf(int index) => _classes ? (int)_targets.Span[index] : null;

    /// <inheritdoc/>
    public void CopyTarget(int index, Span<float> destination) => _targets.Span.Slice(index * TargetLength, TargetLength).CopyTo(destination);

    /// <inheritdoc/>
    public ContentHash HashOf(int index) => ContentHash.Of(MemoryMarshal.AsBytes(Input(index)));

    /// <inheritdoc/>
    public void Load(int index, Span<float> destination) => Input(index).CopyTo(destination);

    private ReadOnlySpan<float> Input(int index) => _inputs.Span.Slice(index * _inputLength, _inputLength);
}
