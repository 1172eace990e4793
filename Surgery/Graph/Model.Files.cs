using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Reads an ONNX file. Its weights, external data included, stay in the files, which are mapped into memory.</summary>
    /// <remarks>
    /// The file may be renamed, deleted or saved over while the model is in use, but must not be changed in place by others.
    /// </remarks>
    /// <exception cref="GraphException">The file is missing, empty, damaged or no ONNX model, or its external data is; the message says which.</exception>
    public static Model Load(string path) => ModelFile.Load(path);

    /// <summary>Reads an ONNX model from memory, which must not change afterwards: large weights are not copied.</summary>
    /// <exception cref="GraphException">The bytes are no ONNX model, or it has external data.</exception>
    public static Model Parse(ReadOnlyMemory<byte> bytes) => ModelFile.Parse(bytes, "The model in memory", null);

    /// <summary>Writes an ONNX file; weights of a model over 2 GB go to <c>&lt;name&gt;.onnx.data</c> beside it.</summary>
    /// <remarks>The file appears when it is complete, and may be the one that the model was loaded from.</remarks>
    /// <exception cref="GraphException">The file cannot be written; an existing one is untouched.</exception>
    public void Save(string path) => Save(path, new SaveOptions());

    /// <summary>Writes an ONNX file, as <see cref="Save(string)"/> does.</summary>
    public void Save(string path, SaveOptions options) => ModelFile.Save(this, path, options);

    /// <summary>The model as an ONNX file in memory.</summary>
    /// <exception cref="GraphException">The model takes more than 2 GB.</exception>
    public byte[] ToBytes() => SerializedModel.Of(this).ToArray();
}
