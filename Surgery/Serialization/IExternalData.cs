using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Where the elements of initializers go that are not written into the model.</summary>
internal interface IExternalData
{
    /// <summary>Whether an initializer of <paramref name="graph"/> goes there.</summary>
    bool Takes(Graph graph, TensorData data);

    /// <summary>Takes the elements, and notes in the message, which holds none any more, where they are.</summary>
    void Add(TensorProto proto, TensorData data);
}
