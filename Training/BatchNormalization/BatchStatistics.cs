using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// BatchNormalization as PyTorch has it in training mode: each node normalizes with mean and biased variance of the batch, through which the gradient flows (Ioffe and Szegedy,
/// arXiv:1502.03167, section 3), and its running statistics follow: running ← momentum · running + (1 − momentum) · batch, with the momentum of ONNX, 1 less that of PyTorch.
/// </summary>
/// <remarks>
/// The running variance follows the unbiased one, n/(n − 1) times that of the batch's n values per channel, as PyTorch's does, since it estimates the variance of all data. The operator's own
/// training mode of operator set 14 takes the biased one; so here that mode gives the batch's statistics only (momentum 0), and the update is appended.
/// </remarks>
internal sealed class BatchStatistics
{
    /// <summary>The input of a node that is its running mean.</summary>
    public const int Mean = 3;

    /// <summary>The input of a node that is its running variance.</summary>
    public const int Variance = 4;

    /// <summary>What a batch of one example cannot do.</summary>
    public const string TooSmall = "BatchNormalization by the statistics of the batch cannot train on one example alone, for one value per channel has no variance; " +
        "take batches of 2 and more, or leave its statistics frozen.";

    private readonly IReadOnlyList<(Node Node, float Momentum)> _nodes;
    private readonly OrderedDictionary<Value, TensorData> _running = [];

    /// <summary>Makes the running statistics of nodes inputs of their graph.</summary>
    /// <param name="nodes">BatchNormalization nodes in inference mode, in topological order.</param>
    /// <exception cref="GraphException">The statistics of a node are not constants of type float32.</exception>
    public BatchStatistics(IReadOnlyList<Node> nodes)
    {
        _nodes = [.. nodes.Select(n => (n, n.Attributes.Float("momentum", 0.9f)))];
        SmallestBatch = nodes.Any(n => n.Inputs[0]!.Shape is { } shape && shape.Skip(2).All(d => d.Value == 1)) ? 2 : 1;
        foreach (Node node in nodes)
            foreach (Value running in new[] { node.Inputs[Mean]!, node.Inputs[Variance]! })
                if (!_running.ContainsKey(running))
                    _running.Add(running, running is { Data: not null, ElementType: ElementType.Float } ? running.Graph.InitializerToInput(running)
                        : throw new GraphException($"The statistics '{running.Name}' of {node} are no float32 constants, so they cannot follow the batches; train with {nameof(BatchNormalizationMode)}.{nameof(BatchNormalizationMode.Frozen)}."));
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

    /// <summary>Switches the nodes to the statistics of the batch, which become their second and third output, float32 [C].</summary>
    public void Activate()
    {
        foreach ((Node node, _) in _nodes)
        {
            node.Attributes.Set("training_mode", 1);
            node.Attributes.Set("momentum", 0f);
            foreach ((string name, int input) in new[] { ("mean", Mean), ("variance", Variance) })
            {
                Value statistic = node.AddOutput(node.Graph.UniqueName($"{node.Outputs[0]!.Name}_{name}"));
                (statistic.ElementType, statistic.Shape) = (ElementType.Float, node.Inputs[input]!.Shape);
            }
        }
    }

    /// <summary>Appends the running statistics after the step. Where nodes share some, as a layer does that is applied several times, they follow each node in turn.</summary>
    public IReadOnlyList<RunningStatistic> AppendUpdate(GraphBuilder op)
    {
        Dictionary<Value, Value> next = _running.Keys.ToDictionary(r => r);
        foreach ((Node node, float momentum) in _nodes)
        {
            Value mean = node.Inputs[Mean]!, variance = node.Inputs[Variance]!;
            Value count = op.Cast(op.Div(op.Size(node.Inputs[0]!), op.Size(mean)), ElementType.Float);
            Value others = op.Max(op.Sub(count, op.Scalar(1)), op.Scalar(1));       // one value has no variance: 0, not 0/0
            Value share = op.Scalar(1 - momentum);
            next[mean] = op.Add(op.Mul(next[mean], op.Scalar(momentum)), op.Mul(node.Outputs[1]!, share));
            next[variance] = op.Add(op.Mul(next[variance], op.Scalar(momentum)), op.Mul(node.Outputs[2]!, op.Mul(op.Div(count, others), share)));
        }
        return [.. _running.Select(r => new RunningStatistic(r.Key.Name, r.Key, Named(op.Graph, next[r.Key], r.Key), r.Value))];
    }

    private static Value Named(Graph graph, Value next, Value running)
    {
        next.Shape = running.Shape;
        graph.Rename(next, StepGraph.NextName(running.Name));
        return next;
    }
}
