using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// BatchNormalization as PyTorch has it in training mode: each node normalizes with mean and biased variance of the batch, through which the gradient flows (Ioffe and Szegedy,
/// arXiv:1502.03167, section 3), and its running statistics follow: running ← momentum · running + (1 − momentum) · batch, with the momentum of ONNX, 1 less that of PyTorch.
/// </summary>
/// <remarks>
/// The running variance follows the unbiased one, n/(n − 1) times that of the batch's n values per channel, as PyTorch's does, since it estimates the variance of all data. The operator's own
/// training mode of operator set 14 takes the biased one; so here it stands for the batch's statistics only (momentum 0), and the update is appended. Once gradients are there, the nodes are written
/// out too: ONNX Runtime's kernel of that mode writes over the running statistics that it is given, and works on one thread.
/// </remarks>
internal sealed class BatchStatistics
{
    /// <summary>What a batch of one example cannot do.</summary>
    public const string TooSmall = "BatchNormalization by the statistics of the batch cannot train on one example alone, for one value per channel has no variance; " +
        "take batches of 2 and more, or leave its statistics frozen.";

    /// <summary>The input of a node that is its running mean.</summary>
    public const int Mean = 3;

    /// <summary>The input of a node that is its running variance.</summary>
    public const int Variance = 4;

    private readonly IReadOnlyList<Node> _nodes;
    private readonly OrderedDictionary<string, (Value Running, TensorData Initial)> _running = [];

    /// <summary>Makes the running statistics of nodes inputs of their graph.</summary>
    /// <param name="nodes">BatchNormalization nodes in inference mode, in topological order.</param>
    /// <exception cref="GraphException">The statistics of a node are not constants of type float32.</exception>
    public BatchStatistics(IReadOnlyList<Node> nodes)
    {
        _nodes = nodes;
        SmallestBatch = nodes.Any(n => n.Inputs[0]!.Shape is { } shape && shape.Skip(2).All(d => d.Value == 1)) ? 2 : 1;
        foreach (Value running in nodes.SelectMany(n => new[] { n.Inputs[Mean]!, n.Inputs[Variance]! }).Distinct())
        {
            if (running is not { Data: not null, ElementType: ElementType.Float })
                throw new GraphException($"The statistics '{running}' of {running.Uses[0].Node} are no float32 constants, so they cannot follow the batches; train with {nameof(BatchNormalizationMode)}.{nameof(BatchNormalizationMode.Frozen)}.");
            _running.Add(running.Name, (running, running.Graph.InitializerToInput(running)));
        }
    }

    /// <summary>2 where a node has but one value per example and channel, else 1: one value has no variance.</summary>
    public int SmallestBatch { get; }

    /// <summary>Whether a node is the standard's BatchNormalization.</summary>
    public static bool IsBatchNormalization(Node node) => node is { OpType: "BatchNormalization", Domain: Model.StandardDomain };

    /// <summary>The BatchNormalization nodes at or behind parameters.</summary>
    public static IReadOnlyList<Node> NodesBehind(IEnumerable<Value> parameters, Graph graph)
    {
        HashSet<Value> reached = [.. parameters];
        List<Node> found = [];
        foreach (Node node in graph.Nodes.Where(n => TopologicalOrder.Reads(n).Any(reached.Contains)))
        {
            reached.UnionWith(node.Outputs.OfType<Value>());
            if (IsBatchNormalization(node))
                found.Add(node);
        }
        return found;
    }

    /// <summary>Switches the nodes to the statistics of the batch.</summary>
    /// <returns>What appends the update of the running statistics.</returns>
    public Func<GraphBuilder, IReadOnlyList<RunningStatistic>> Activate()
    {
        List<(Node Node, float Momentum)> active = [];
        foreach (Node node in _nodes)
        {
            active.Add((node, node.Attributes.Float("momentum", 0.9f)));
            node.Attributes.Set("training_mode", 1);
            node.Attributes.Set("momentum", 0f);
            foreach ((string name, int input) in new[] { ("mean", Mean), ("variance", Variance) })
            {
                Value statistic = node.AddOutput(node.Graph.UniqueName($"{node.Outputs[0]!.Name}_{name}"));
                (statistic.ElementType, statistic.Shape) = (ElementType.Float, node.Inputs[input]!.Shape);
            }
        }
        return op => Update(op, active);
    }

    /// <summary>Writes the nodes of a graph that are in training mode out in other operators.</summary>
    public static void WriteOut(Graph graph)
    {
        Node[] nodes = [.. graph.Nodes.Where(n => IsBatchNormalization(n) && n.Attributes.Int("training_mode") != 0)];
        foreach (Node node in nodes)
            WriteOut(node, new GraphBuilder(graph, node.Outputs[0]!.Name) { Before = node });
        graph.RemoveNodes(nodes);
    }

    /// <summary>The mean is taken off first: the backward pass needs the differences, and the sum of their squares does not cancel.</summary>
    private static void WriteOut(Node node, GraphBuilder op)
    {
        Value x = node.Inputs[0]!, y = node.Outputs[0]!;
        int rank = x.Shape?.Rank ?? throw new GraphException($"The rank of the input of {node} is unknown; leave BatchNormalization frozen.");
        long[] axes = BatchNormalizationGradients.Axes(rank);
        Value mean = op.ReduceMean(x, axes, keepDims: false);
        Value centred = op.Sub(x, NormalizationGradients.PerChannel(op, mean, rank));
        Value variance = op.ReduceMean(op.Mul(centred, centred), axes, keepDims: false);
        Value zero = op.Sub(mean, mean);
        Value normalized = op.Op("BatchNormalization", [centred, node.Inputs[1], node.Inputs[2], zero, variance], ("epsilon", node.Attributes.Float("epsilon", 1e-5f)));
        normalized.Shape = y.Shape;
        foreach ((Value? old, Value now) in new[] { (y, normalized), (node.Outputs[1], mean), (node.Outputs[2], variance) })
            old!.ReplaceUsesWith(now);
    }

    /// <summary>Where nodes share statistics, as a layer does that is applied several times, they follow each node in turn.</summary>
    private IReadOnlyList<RunningStatistic> Update(GraphBuilder op, IReadOnlyList<(Node Node, float Momentum)> nodes)
    {
        Dictionary<Value, Value> next = _running.Values.ToDictionary(r => r.Running, r => r.Running);
        foreach ((Node node, float momentum) in nodes)
        {
            Value mean = node.Inputs[Mean]!, variance = node.Inputs[Variance]!;
            Value count = op.Cast(op.Div(op.Size(node.Inputs[0]!), op.Size(mean)), ElementType.Float);
            Value others = op.Max(op.Sub(count, op.Scalar(1)), op.Scalar(1));       // one value has no variance: 0, not 0/0
            Value share = op.Scalar(1 - momentum);
            next[mean] = Follow(next[mean], node.Outputs[1]!, momentum, share);
            next[variance] = Follow(next[variance], node.Outputs[2]!, momentum, op.Mul(op.Div(count, others), share));
        }
        return [.. _running.Select(r => new RunningStatistic(r.Key, r.Value.Running, Named(op, next[r.Value.Running], r.Key), r.Value.Initial))];

        Value Follow(Value running, Value batch, float momentum, Value share) => op.Add(op.Mul(running, op.Scalar(momentum)), op.Mul(batch, share));
    }

    private static Value Named(GraphBuilder op, Value next, string name)
    {
        next.Shape = op.Graph.Get(name).Shape;
        op.Graph.Rename(next, StepGraph.NextName(name));
        return next;
    }
}
