namespace OnnxFineTune.Surgery;

/// <summary>
/// An ONNX model in memory. Weights stay in the memory-mapped file until they are used; what this library does not model (functions,
/// training information, quantization annotations, fields of later versions) is kept and written back.
/// </summary>
public sealed partial class Model
{
    /// <summary>The standard's own operator domain.</summary>
    public const string StandardDomain = "";

    /// <summary>Metadata key of the names of a classifier's classes, a JSON array of strings in output order.</summary>
    public const string LabelsKey = "onnxft.labels";

    /// <summary>A model around a graph.</summary>
    public Model(Graph graph) => Graph = graph;

    /// <summary>The computation.</summary>
    public Graph Graph { get; }

    /// <summary>Version of the file format (<c>ir_version</c>).</summary>
    public long IrVersion { get; set; } = 10;

    /// <summary>Operator set versions by domain; the standard's domain is the empty string.</summary>
    public IDictionary<string, long> OpsetImports { get; } = new OrderedDictionary<string, long>();

    /// <summary>Version of the standard operator set.</summary>
    public long Opset
    {
        get => OpsetImports.TryGetValue(StandardDomain, out long version) ? version : 1;
        set => OpsetImports[StandardDomain] = value;
    }

    /// <summary>Name of the tool that wrote the file.</summary>
    public string ProducerName { get; set; } = "";

    /// <summary>Version of the tool that wrote the file.</summary>
    public string ProducerVersion { get; set; } = "";

    /// <summary>Named texts that travel with the model (<c>metadata_props</c>), in file order.</summary>
    public IDictionary<string, string> Metadata { get; } = new OrderedDictionary<string, string>();

    /// <summary>The <c>ModelProto</c> as it was read, less the graph, in wire format (functions, training information, documentation …).</summary>
    internal ReadOnlyMemory<byte> Unmodelled { get; set; }

    /// <summary>A deep copy of graph and metadata; tensors are shared, since they do not change.</summary>
    public Model Clone()
    {
        Model copy = new(GraphCopy.Of(Graph, out _)) { IrVersion = IrVersion, ProducerName = ProducerName, ProducerVersion = ProducerVersion, Unmodelled = Unmodelled };
        foreach ((string domain, long version) in OpsetImports)
            copy.OpsetImports[domain] = version;
        foreach ((string key, string text) in Metadata)
            copy.Metadata[key] = text;
        return copy;
    }
}
