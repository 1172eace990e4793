namespace OnnxFineTune.Surgery;

/// <summary>Walks back from one output over what may stand behind a classifier, to the classifier's layer and its features.</summary>
internal sealed class ClassifierTail
{
    private static readonly HashSet<string> Around =
        ["Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast", "Dropout", "Flatten", "Reshape", "Squeeze"];

    private readonly Value _output;
    private readonly List<Node> _nodes = [];
    private readonly List<Value> _parameters = [];
    private bool _isPooled, _hasRelu;

    public ClassifierTail(Value output)
    {
        _output = output;
        Value end = SkipAround(output);
        Node? layer = SkipBias(end);
        Classifier = layer is null ? null : Recognise(layer);
        if (Classifier is null && Reason.Length == 0)
            Reason = end.Producer is { } node ? $"The output '{output.Name}' comes from {node}." : $"Nothing with parameters stands before the output '{output.Name}'.";
    }

    /// <summary>What was recognised, or null.</summary>
    public Classifier? Classifier { get; }

    /// <summary>Why nothing was, as a sentence.</summary>
    public string Reason { get; private set; } = "";

    private Value SkipAround(Value value)
    {
        while (value.Producer is { Domain: Model.StandardDomain } node && node.Outputs[0] == value)
        {
            if (IsPoolingOverEverything(node))
                _isPooled = true;
            else if (node.OpType == "Relu")
                _hasRelu = true;
            else if (!Around.Contains(node.OpType))
                break;
            _nodes.Insert(0, node);
            value = node.Inputs[0]!;
        }
        return value;
    }

    /// <summary>The producer of the value, or what stands before it where it adds a constant.</summary>
    private Node? SkipBias(Value value)
    {
        if (value.Producer is not { OpType: "Add", Domain: Model.StandardDomain } add)
            return value.Producer;
        int bias = ConstantSource.Of(add.Input(1)) is not null ? 1 : 0;
        if (ConstantSource.Of(add.Input(bias)) is not { } constant)
            return add;
        _nodes.Insert(0, add);
        _parameters.Add(constant);
        return add.Input(1 - bias)?.Producer;
    }

    private Classifier? Recognise(Node layer)
    {
        if (layer.Domain != Model.StandardDomain || KindOf(layer) is not { } kind || ConstantSource.Of(layer.Input(1)) is not { } weight)
            return null;
        if (kind != ClassifierKind.Conv && (_hasRelu || _isPooled))
            return Refuse($"{layer} is followed by {(_hasRelu ? "Relu" : "pooling")}: it computes features.");
        if (kind == ClassifierKind.Conv && !IsOnePosition(layer))
            return Refuse($"{layer} is neither averaged over all positions nor left with one.");
        if (Columns(layer, kind) is not { } classes)
            return Refuse($"The number of outputs of {layer} is not known.");
        if (_output.Shape is { Rank: > 0 } shape && new Shape([.. shape.Skip(1)]).ElementCount != classes)
            return Refuse($"The output '{_output.Name}' {shape} does not hold the {classes} values per example of {layer}.");
        _parameters.Insert(0, weight);
        if (ConstantSource.Of(layer.Input(2)) is { } bias)
            _parameters.Insert(1, bias);
        return new Classifier(kind, [layer, .. _nodes], BeforeDropout(layer.Inputs[0]!), (int)classes, _parameters);
    }

    private Classifier? Refuse(string reason)
    {
        Reason = reason;
        return null;
    }

    private static ClassifierKind? KindOf(Node node) => node.OpType switch
    {
        "Gemm" => ClassifierKind.Gemm,
        "MatMul" => ClassifierKind.MatMul,
        "Conv" => ClassifierKind.Conv,
        _ => null,
    };

    private static long? Columns(Node layer, ClassifierKind kind) => layer.Inputs[1]!.Shape is not { Rank: >= 2 } weight ? null : kind switch
    {
        ClassifierKind.Conv => weight[0].Value,
        ClassifierKind.Gemm when layer.Attributes.Int("transB") != 0 => weight[0].Value,
        _ => weight.Rank == 2 ? weight[1].Value : null,
    };

    private bool IsOnePosition(Node convolution) => convolution.Attributes.Int("group", 1) == 1
        && ((_isPooled && convolution.Inputs[1]!.Shape is { } kernel && kernel.Skip(2).All(d => d.Value == 1)) || HasOnePosition(convolution.Outputs[0]!.Shape));

    private static bool HasOnePosition(Shape? shape) => shape is { Rank: > 2 } && shape.Skip(2).All(d => d.Value == 1);

    private static bool IsPoolingOverEverything(Node node) => node.OpType switch
    {
        "GlobalAveragePool" => true,
        "AveragePool" => HasOnePosition(node.Outputs[0]!.Shape),
        "ReduceMean" => node.Inputs[0]!.Shape is { Rank: > 2 } shape && ReductionAxes.Of(node, shape.Rank) is { } axes && axes.SetEquals(Enumerable.Range(2, shape.Rank - 2)),
        _ => false,
    };

    /// <summary>
    /// The features before the classifier's own Dropout. A Flatten between the two is stepped over only where it merges nothing: a head pools positions
    /// where the classifier flattened them.
    /// </summary>
    internal static Value BeforeDropout(Value features)
    {
        Value found = features;
        for (Value value = features; value.Producer is { Domain: Model.StandardDomain, OpType: "Dropout" or "Identity" or "Cast" or "Flatten" or "Reshape" or "Squeeze" } node;)
        {
            value = node.Inputs[0]!;
            bool isDropout = node.OpType == "Dropout";
            if (!isDropout && node.OpType != "Identity" && !(value.Shape is { } shape && (shape.Equals(features.Shape) || HasOnePosition(shape))))
                break;
            if (isDropout)
                found = value;
        }
        return found;
    }
}
