using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery;

/// <summary>
/// The part of a graph that depends on nothing but constants and shapes. It is cut out, run by ONNX Runtime for two batch sizes, and what comes
/// out equal both times is constant.
/// </summary>
internal sealed class ShapeArithmetic
{
    /// <summary>Operators that give another result each time, or whose result is a parameter in another form.</summary>
    private static readonly HashSet<string> NotConstant =
        ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial", "Dropout", "DequantizeLinear", "QuantizeLinear"];

    /// <summary>Operators in which a number among the constants is a factor of a size, not a parameter.</summary>
    private static readonly HashSet<string> Arithmetic = ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mod"];

    /// <summary>Larger constants and results are left alone: the file should not grow.</summary>
    private const long LargestBytes = 1 << 20;

    private readonly Model _model;
    private readonly FreeDimensions _free;
    private readonly HashSet<Value> _computed = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Node> _shapes = [];

    /// <summary>Finds the part; shapes must be inferred.</summary>
    public ShapeArithmetic(Model model)
    {
        _model = model;
        _free = new FreeDimensions(model.Graph);
        foreach (Node node in model.Graph.Nodes)
            if (IsShape(node))
                Add(node, _shapes);
            else if (IsFoldable(node))
                Add(node, _nodes);
    }

    /// <summary>Values that are the same for every batch size.</summary>
    public Dictionary<Value, TensorData> Evaluate()
    {
        Dictionary<Value, TensorData> constants = [];
        foreach (Node shape in _shapes)
            if (Dimensions(shape, second: false) is var first && first.SequenceEqual(Dimensions(shape, second: true)))
                constants[shape.Outputs[0]!] = TensorData.Vector(first);
        if (_nodes.Count == 0)
            return constants;
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using InferenceSession session = RuntimeSession.Open(Extract(), options);
        using IDisposableReadOnlyCollection<OrtValue> one = Run(session, second: false), other = Run(session, second: true);
        foreach ((string name, OrtValue a, OrtValue b) in session.OutputNames.Zip(one, other))
            if (a.ToTensorData() is var data && data.ByteLength <= LargestBytes && AreEqual(data, b.ToTensorData()))
                constants[_model.Graph.Get(name)] = data;
        return constants;
    }

    private IDisposableReadOnlyCollection<OrtValue> Run(InferenceSession session, bool second)
    {
        Dictionary<string, OrtValue> feeds = _shapes.ToDictionary(n => n.Outputs[0]!.Name, n => TensorData.Vector(Dimensions(n, second)).ToOrtValue());
        try
        {
            using RunOptions options = new();
            return session.Run(options, feeds, session.OutputNames);
        }
        finally
        {
            foreach (OrtValue feed in feeds.Values)
                feed.Dispose();
        }
    }

    private static bool AreEqual(TensorData a, TensorData b) => a.Shape.Equals(b.Shape) && a.Bytes.Span.SequenceEqual(b.Bytes.Span);

    private void Add(Node node, List<Node> list)
    {
        list.Add(node);
        _computed.UnionWith(node.Outputs.OfType<Value>());
    }

    /// <summary>A Shape whose dimensions are static or follow the batch.</summary>
    private bool IsShape(Node node) => node is { OpType: "Shape", Domain: Model.StandardDomain } && node.Inputs[0] is { IsInitializer: false } x && !_computed.Contains(x)
        && x.Shape is { } shape && shape.All(d => d.IsStatic || _free.Factor(d) is not null);

    private bool IsFoldable(Node node)
    {
        if (node.Domain != Model.StandardDomain || NotConstant.Contains(node.OpType) || node.Attributes.Subgraphs.Any() 
            || node.Outputs.Any(o => o?.ElementType is ElementType.Undefined or ElementType.String))
            return false;
        bool hasComputed = node.Inputs.Any(i => i is not null && _computed.Contains(i));
        return node.Inputs.OfType<Value>().All(i => _computed.Contains(i) || (i.Data is { } data && data.ByteLength <= LargestBytes && (!data.ElementType.IsFloatingPoint()
            || (hasComputed && data.Shape.Rank == 0 && Arithmetic.Contains(node.OpType)))));
    }

    private Model Extract()
    {
        Graph part = new("shapes");
        Dictionary<Value, Value> map = [];
        foreach (Node shape in _shapes)
            map[shape.Outputs[0]!] = part.AddInput(shape.Outputs[0]!.Name, ElementType.Int64, Shape.Of(Dimensions(shape, second: false).Length));
        foreach (Node node in _nodes)
        {
            foreach (Value constant in node.Inputs.OfType<Value>().Where(i => !map.ContainsKey(i)))
                map[constant] = part.AddInitializer(constant.Name, constant.Data!);
            Node copy = part.AddNode(node.OpType, [.. node.Inputs.Select(i => i is null ? null : map[i])], [.. node.Outputs.Select(o => o?.Name)]);
            foreach (NodeAttribute attribute in node.Attributes)
                copy.Attributes.Set(attribute);
            foreach ((Value? old, Value? output) in node.Outputs.Zip(copy.Outputs))
                if (old is not null)
                    map[old] = output!;
        }
        part.SetOutputs([.. _nodes.SelectMany(n => n.Outputs).OfType<Value>().Select(v => map[v])]);
        return new Model(part) { Opset = _model.Opset, IrVersion = _model.IrVersion };
    }

    private long[] Dimensions(Node shape, bool second)
    {
        long[] dimensions = [.. shape.Inputs[0]!.Shape!.Select(d => d.Value ?? _free.Factor(d)!.Value * FreeDimensions.BatchSize(second))];
        int rank = dimensions.Length;
        int start = Clamp(shape.Attributes.Int("start"), rank), end = Clamp(shape.Attributes.Int("end", rank), rank);
        return start < end ? dimensions[start..end] : [];
    }

    private static int Clamp(long index, int rank) => (int)Math.Clamp(index < 0 ? index + rank : index, 0, rank);
}
