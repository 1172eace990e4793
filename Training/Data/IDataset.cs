using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Examples with their targets. All members may be called from several threads at once.</summary>
public interface IDataset
{
    /// <summary>Number of examples.</summary>
    int Count { get; }

    /// <summary>Names of the classes, or of the outputs; empty where they have none.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Static shape of one example as <see cref="Load"/> writes it, without the batch: [3, 224, 224].</summary>
    Shape InputShape { get; }

    /// <summary>Numbers in the target of one example: 1 for a class index.</summary>
    int TargetLength { get; }

    /// <summary>
    /// A text that differs where <see cref="Load"/> would make other inputs from the same content: the preprocessing. Features of the
    /// frozen part are kept under it.
    /// </summary>
    string Preparation { get; }

    /// <summary>How pictures become inputs, which is stored in the trained model; null where examples are no pictures.</summary>
    ImagePreprocessing? Preprocessing => null;

    /// <summary>What the example is called in messages, for example the path of its file.</summary>
    string NameOf(int index);

    /// <summary>Index into <see cref="Labels"/> of the one class of the example; null where examples have no single class.</summary>
    int? ClassOf(int index);

    /// <summary>Writes the target: the class index, or <see cref="TargetLength"/> values.</summary>
    void CopyTarget(int index, Span<float> destination);

    /// <summary>Hash of the example's content before any preparation; cheap next to <see cref="Load"/>.</summary>
    /// <exception cref="UnreadableExampleException">The content cannot be read; training goes on without the example.</exception>
    ContentHash HashOf(int index);

    /// <summary>Writes the model's input, row-major, of <see cref="InputShape"/>.</summary>
    /// <exception cref="UnreadableExampleException">The example cannot be read; training goes on without it. Any other exception stops.</exception>
    void Load(int index, Span<float> destination);
}
