namespace OnnxFineTune.Surgery;

/// <summary>
/// What heads are written with: a <see cref="GraphBuilder"/> whose nodes are named <c>head/…</c>, parameters named <c>head.…</c>, and the layers
/// that heads have in common. Every result has its shape set.
/// </summary>
public sealed class HeadBuilder
{
    private readonly List<Value> _parameters = [];

    /// <summary>A builder that appends to <paramref name="graph"/>.</summary>
    /// <param name="prefix">Put in front of the names of nodes (with a slash) and parameters (with a dot).</param>
    public HeadBuilder(Graph graph, string prefix = "head")
    {
        Op = new GraphBuilder(graph, prefix);
        Prefix = prefix;
    }

    /// <summary>Appends single operators.</summary>
    public GraphBuilder Op { get; }

    /// <summary>Put in front of the names of nodes and parameters.</summary>
    public string Prefix { get; }

    /// <summary>The parameters made so far, in order.</summary>
    public IReadOnlyList<Value> Parameters => _parameters;

    /// <summary>A new parameter of the head.</summary>
    /// <param name="name">Name behind the prefix, for example <c>0.weight</c>.</param>
    /// <param name="initial">Its initial value.</param>
    public Value Parameter(string name, TensorData initial)
    {
        Value value = Op.Graph.AddInitializer($"{Prefix}.{name}", initial);
        _parameters.Add(value);
        return value;
    }

    /// <summary>Features as [N, C], whatever layer they come from.</summary>
    /// <remarks>
    /// [N, C] stays; [N, C, H, W] is averaged over positions (GlobalAveragePool and Flatten), [N, H, W, C] and tokens [N, T, C] likewise; which axis holds the
    /// channels is read off the layers in front (<see cref="FeatureLayout"/>). Other ranks are flattened.
    /// </remarks>
    /// <exception cref="GraphException">The shape is unknown, or has no batch dimension, or the number of features varies.</exception>
    public Value Vector(Value features)
    {
        Shape shape = Known(features);
        if (shape.Rank < 2)
            throw new GraphException($"A head cannot stand on '{features.Name}' {shape}: it needs a batch dimension and features. Cut at an earlier value.");
        Value vector = shape.Rank == 2 ? features : FeatureLayout.ChannelAxis(features) switch
        {
            1 => Op.Flatten(Shaped(Op.GlobalAveragePool(features), [shape[0], shape[1], .. Enumerable.Repeat((Dimension)1, shape.Rank - 2)])),
            int axis => Op.ReduceMean(features, [.. Enumerable.Range(1, shape.Rank - 1).Where(i => i != axis).Select(i => (long)i)], keepDims: false),
            null => Op.Flatten(features),
        };
        Dimension channels = FeatureLayout.ChannelAxis(features) is int c ? shape[c] : new Dimension(Product(shape));
        return Shaped(vector, [shape[0], Static(features, channels)]);
    }

    /// <summary>Features as [N, C, H, W].</summary>
    /// <exception cref="GraphException">They have no positions.</exception>
    public Value Image(Value features)
    {
        Shape shape = Known(features);
        if (shape.Rank != 4)
            throw new GraphException($"A convolutional head needs features [N, C, H, W], but '{features.Name}' is {shape}. Cut earlier, or attach a linear head.");
        if (FeatureLayout.ChannelAxis(features) != 3)
            return features;
        return Shaped(Op.Transpose(features, 0, 3, 1, 2), [shape[0], shape[3], shape[1], shape[2]]);
    }

    /// <summary>x·Wᵀ + b with new parameters W [outputs, C] and b [outputs].</summary>
    /// <param name="x">Features [N, C].</param>
    /// <param name="name">Put between the prefix and <c>weight</c> or <c>bias</c>, for example <c>0.</c>.</param>
    public Value Linear(Value x, int outputs, InitialWeights initial, string name = "")
    {
        long inputs = Static(x, Known(x)[1]);
        Value weight = Parameter($"{name}weight", initial.Uniform(inputs, outputs, inputs));
        Value bias = Parameter($"{name}bias", initial.Uniform(inputs, outputs));
        return Shaped(Op.Gemm(x, weight, bias, transB: true), [x.Shape![0], outputs]);
    }

    /// <summary>A 1×1 convolution with new parameters W [outputs, C, 1, 1] and b [outputs].</summary>
    /// <param name="x">Features [N, C, H, W].</param>
    public Value Convolution(Value x, int outputs, InitialWeights initial)
    {
        long inputs = Static(x, Known(x)[1]);
        Value weight = Parameter("weight", initial.Uniform(inputs, outputs, inputs, 1, 1));
        Value bias = Parameter("bias", initial.Uniform(inputs, outputs));
        return Shaped(Op.Conv(x, weight, bias, kernelShape: [1, 1]), x.Shape!.With(1, outputs));
    }

    /// <summary>Dropout that is off until training turns it on; <paramref name="x"/> itself where the ratio is 0.</summary>
    public Value Dropout(Value x, float ratio)
    {
        if (!(ratio is >= 0 and < 1))
            throw new GraphException($"A dropout of {ratio} is not possible: it must be at least 0 and less than 1.");
        return ratio == 0 ? x : Shaped(Op.Dropout(x, Op.Scalar(ratio), training: null), x.Shape!);
    }

    /// <summary>Applies an activation.</summary>
    public Value Activate(Value x, Activation activation) => Shaped(activation switch
    {
        Activation.Relu => Op.Relu(x),
        Activation.HardSwish => Op.HardSwish(x),
        Activation.Tanh => Op.Tanh(x),
        Activation.Sigmoid => Op.Sigmoid(x),
        Activation.Gelu => Op.Mul(Op.Mul(x, Op.Scalar(0.5)), Op.Add(Op.Erf(Op.Mul(x, Op.Scalar(Math.Sqrt(0.5)))), Op.Scalar(1))),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    }, x.Shape!);

    /// <summary>Sets the shape of <paramref name="value"/> and returns it.</summary>
    public static Value Shaped(Value value, params ReadOnlySpan<Dimension> shape) => Shaped(value, new Shape(shape));

    private static Value Shaped(Value value, Shape shape)
    {
        value.Shape = shape;
        return value;
    }

    private static Shape Known(Value features) => features.Shape ??
        throw new GraphException($"A head cannot stand on '{features.Name}': shape inference did not find its rank. Cut at another value.");

    private static long Static(Value features, Dimension channels) => channels.Value ??
        throw new GraphException($"A head cannot stand on '{features.Name}' {features.Shape}: its number of features is not fixed. Cut at another value.");

    private static long? Product(Shape shape) => new Shape([.. shape.Skip(1)]).ElementCount;
}
