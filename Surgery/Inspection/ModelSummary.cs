namespace OnnxFineTune.Surgery;

/// <summary>What is to know about a model before it is edited; plain data that System.Text.Json writes as it is. Weights are not read.</summary>
public sealed record ModelSummary
{
    /// <summary>What a caller must feed.</summary>
    public required IReadOnlyList<TensorSummary> Inputs { get; init; }

    /// <summary>Outputs.</summary>
    public required IReadOnlyList<TensorSummary> Outputs { get; init; }

    /// <summary>Version of the file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>Operator set versions by domain; <c>ai.onnx</c> is the standard's own.</summary>
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }

    /// <summary>Tool that wrote the file, with its version; possibly empty.</summary>
    public required string Producer { get; init; }

    /// <summary>How often each operator occurs, subgraphs included, most frequent first.</summary>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <summary>Names of the parameters with their types and shapes, in file order; see <see cref="Surgery.Parameters"/>.</summary>
    public required IReadOnlyList<TensorSummary> Parameters { get; init; }

    /// <summary>Numbers in all parameters.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes that the parameters take in the file.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>Multiply-accumulate operations for one example (Conv, ConvTranspose, Gemm, MatMul); null where a shape is unknown.</summary>
    public required long? MultiplyAccumulates { get; init; }

    /// <summary>Named texts that travel with the model, labels and preprocessing among them.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Names of the parameters of an attached head; empty where none was attached.</summary>
    public required IReadOnlyList<string> HeadParameters { get; init; }

    /// <summary>The recognised classifier, or null.</summary>
    public required ClassifierSummary? Classifier { get; init; }

    /// <summary>Why no classifier is recognised; empty where one is.</summary>
    public required string NoClassifierReason { get; init; }

    /// <summary>The repeating units in front of the classifier or head, from input to output; <see cref="Trainable.LastBlocks"/> counts them from the end.</summary>
    public required IReadOnlyList<Block> Blocks { get; init; }

    /// <summary>The values at which the whole model can be cut, from input to output.</summary>
    public required IReadOnlyList<CutPoint> CutPoints { get; init; }

    /// <summary>Looks at a model; it is not changed.</summary>
    /// <exception cref="GraphException">The model cannot be brought to working form, in which it would be edited.</exception>
    public static ModelSummary Of(Model model)
    {
        Model working = model.ToWorkingForm();
        IReadOnlyList<Value> parameters = Surgery.Parameters.Of(working);
        Classifier? classifier = ClassifierFinder.Find(working, out string reason);
        return new ModelSummary
        {
            Inputs = [.. model.Graph.FeedInputs.Select(TensorSummary.Of)],
            Outputs = [.. model.Graph.Outputs.Select(TensorSummary.Of)],
            IrVersion = model.IrVersion,
            Opsets = model.OpsetImports.ToDictionary(o => o.Key.Length > 0 ? o.Key : "ai.onnx", o => o.Value),
            Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
            Operators = new OrderedDictionary<string, int>(Nodes(model.Graph).CountBy(Name).OrderByDescending(o => o.Value).ThenBy(o => o.Key, StringComparer.Ordinal)),
            Parameters = [.. parameters.Select(TensorSummary.Of)],
            ParameterCount = parameters.Sum(p => p.Data!.Count),
            ParameterBytes = parameters.Sum(p => (model.Graph.Find(p.Name)?.Data ?? p.Data!).ByteLength),
            MultiplyAccumulates = working.Graph.Nodes.Aggregate((long?)0, (sum, n) => sum + Surgery.MultiplyAccumulates.Of(n)),
            Metadata = new OrderedDictionary<string, string>(model.Metadata),
            HeadParameters = model.HeadParameters,
            Classifier = classifier is null ? null : ClassifierSummary.Of(classifier),
            NoClassifierReason = reason,
            Blocks = Surgery.Blocks.Of(working),
            CutPoints = Surgery.CutPoints.Of(working),
        };
    }

    private static IEnumerable<Node> Nodes(Graph graph) => graph.Nodes.SelectMany(n => n.Attributes.Subgraphs.SelectMany(Nodes).Prepend(n));

    private static string Name(Node node) => node.Domain.Length > 0 ? $"{node.Domain}.{node.OpType}" : node.OpType;
}
