using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery;

/// <summary>Type and shape of a value; the shape is null where its rank is unknown.</summary>
internal readonly record struct TensorType(ElementType ElementType, Shape? Shape);

/// <summary>
/// Asks ONNX Runtime for the types and shapes of all values of a graph without running it and without reading a large weight: a copy of the
/// graph has weights as inputs and every value as an output, and the session's output metadata holds the answers.
/// </summary>
/// <remarks>
/// The runtime's basic optimizations fold shape arithmetic (Shape, Gather, Concat …), which its shape inference alone follows only in part.
/// They never remove a graph output.
/// </remarks>
internal static class ShapeProbe
{
    /// <summary>Constants up to this size stay, since shape arithmetic needs their content.</summary>
    private const long SmallBytes = 1024;

    private const string RankSuffix = "//rank";

    /// <param name="model">The model to look at; it is not changed.</param>
    /// <param name="sized">Shapes of the feed inputs by name.</param>
    /// <param name="rankQuestions">Names of values that look like scalars; those of unknown rank are told apart.</param>
    /// <returns>Type and shape of each tensor that a node computes, by name.</returns>
    public static Dictionary<string, TensorType> Read(Model model, IReadOnlyDictionary<string, Shape> sized, IReadOnlyCollection<string> rankQuestions)
    {
        if (model.Graph.Nodes.Count == 0)
            return [];
        Model copy = Strip(model, sized);
        Dictionary<string, ElementType> narrow = NarrowTypes.Of(copy.Graph);
        copy.Graph.SetOutputs([.. copy.Graph.Outputs.ToArray().Select(o => narrow.ContainsKey(o.Name) ? NarrowTypes.AsFloat(copy.Graph, o) : o)]);
        foreach (string name in rankQuestions)
            copy.Graph.AddOutput(copy.Graph.AddNode("Shape", [copy.Graph.Get(name)], [name + RankSuffix]).Outputs[0]!);
        using InferenceSession session = Open(copy);
        Dictionary<string, TensorType> types = [];
        foreach ((string name, NodeMetadata metadata) in session.OutputMetadata)
            if (metadata.IsTensor)
                types[name] = new TensorType((ElementType)metadata.ElementDataType, ReadShape(metadata));
        NarrowTypes.Restore(types, narrow);
        foreach (string name in rankQuestions)
        {
            // Shape of a value of known rank r has the shape [r]; of an unknown rank, [?].
            if (!types.Remove(name + RankSuffix, out TensorType rank) || rank.Shape is not { Rank: 1, IsStatic: true })
                types[name] = types.GetValueOrDefault(name) with { Shape = null };
        }
        return types;
    }

    private static InferenceSession Open(Model model)
    {
        using SessionOptions folding = Options(GraphOptimizationLevel.ORT_ENABLE_BASIC);
        try
        {
            return RuntimeSession.Open(model, folding);
        }
        catch (GraphException)
        {
            // An optimization can fail where the plain graph is fine; where that fails too, its reason is the one to report.
            using SessionOptions plain = Options(GraphOptimizationLevel.ORT_DISABLE_ALL);
            return RuntimeSession.Open(model, plain);
        }
    }

    private static SessionOptions Options(GraphOptimizationLevel level) => new()
    {
        GraphOptimizationLevel = level,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        IntraOpNumThreads = 1,
    };

    private static Model Strip(Model model, IReadOnlyDictionary<string, Shape> sized)
    {
        Model copy = model.Clone();
        Graph graph = copy.Graph;
        foreach (Value initializer in graph.Initializers.ToArray())
        {
            if (initializer.Data is { } data && data.ByteLength > SmallBytes && NarrowTypes.IsNarrow(data.ElementType))
                NarrowTypes.MakeInput(graph, initializer);
            else if (initializer.Data is { ByteLength: > SmallBytes })
                graph.InitializerToInput(initializer);
            else if (initializer.IsInput)
                graph.RemoveInput(initializer);     // listed as an input, it would not count as a constant
        }
        foreach (Value input in graph.FeedInputs)
            if (sized.TryGetValue(input.Name, out Shape? shape))
                input.Shape = shape;
        Value[] computed = [.. graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>()];
        foreach (Value value in computed)
            ForgetDeclaration(value);
        graph.SetOutputs(computed);
        return copy;
    }

    /// <summary>Drops what the file says of a computed value: it may be wrong for this batch size or element type.</summary>
    public static void ForgetDeclaration(Value value)
    {
        value.ElementType = ElementType.Undefined;
        value.Shape = null;
        value.Unmodelled = default;
        value.IsDeclared = false;
    }

    private static Shape ReadShape(NodeMetadata metadata)
    {
        Dimension[] dimensions = new Dimension[metadata.Dimensions.Length];
        for (int i = 0; i < dimensions.Length; i++)
            dimensions[i] = metadata.Dimensions[i] >= 0 ? metadata.Dimensions[i]
                : metadata.SymbolicDimensions[i] is { Length: > 0 } symbol ? Dimension.Named(symbol) : Dimension.Unknown;
        return new Shape(dimensions);
    }
}
