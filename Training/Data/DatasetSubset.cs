using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Some examples of another data set, in the given order.</summary>
/// <param name="source">The data set.</param>
/// <param name="indices">Indices into the source; an index may occur more than once.</param>
public sealed class DatasetSubset(IDataset source, IReadOnlyList<int> indices) : IDataset
{
    private readonly int[] _indices = [.. indices];

    /// <summary>Indices into the source.</summary>
    public IReadOnlyList<int> Indices => _indices;

    /// <inheritdoc/>
    public int Count => _indices.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels => source.Labels;

    /// <inheritdoc/>
    public Shape InputShape => source.InputShape;

    /// <inheritdoc/>
    public int TargetLength => source.TargetLength;

    /// <inheritdoc/>
    public string Preparation => source.Preparation;

    /// <inheritdoc/>
    public ImagePreprocessing? Preprocessing => source.Preprocessing;

    /// <inheritdoc/>
    public string NameOf(int index) => source.NameOf(_indices[index]);

    /// <inheritdoc/>
    public int? ClassOf(int index) => source.ClassOf(_indices[index]);

    /// <inheritdoc/>
    public void CopyTarget(int index, Span<float> destination) => source.CopyTarget(_indices[index], destination);

    /// <inheritdoc/>
    public ContentHash HashOf(int index) => source.HashOf(_indices[index]);

    /// <inheritdoc/>
    public void Load(int index, Span<float> destination) => source.Load(_indices[index], destination);
}
