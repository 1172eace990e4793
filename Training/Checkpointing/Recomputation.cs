using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Lets the backward pass compute the values of a segment again, from those that enter it, instead of reading those of the forward pass. ONNX Runtime would merge equal nodes, and run
/// them early; so the copies read what enters the segment through a Reshape to its own shape, written so that it depends on the gradient at the segment's end. It copies nothing.
/// </summary>
internal sealed class Recomputation
{
    private const int FewElements = 64;

    private static readonly HashSet<string> NotRepeatable = ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial", "Dropout"];

    private readonly Graph _graph;
    private readonly HashSet<Value> _parameters;
    private readonly Node[] _forward;
    private readonly List<Segment> _segments = [];

    private sealed record Segment(Node[] Nodes, Value[] Ends);

    /// <summary>Decides what is computed again: cheap activations in any case, and segments as asked.</summary>
    /// <param name="graph">Forward pass and loss, with shapes.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="checkpointing">Whether segments are computed again.</param>
    public Recomputation(Graph graph, IReadOnlyCollection<Value> parameters, ActivationCheckpointing checkpointing)
    {
        _graph = graph;
        _parameters = [.. parameters];
        _forward = [.. graph.Nodes];
        TrainablePaths paths = TrainablePaths.From(parameters, _forward);
        int start = 0;
        if (checkpointing == ActivationCheckpointing.Segments)
            foreach (int end in CheckpointSegments.Divide(_forward, paths.Reaches))
            {
                _segments.Add(SegmentOf(_forward[start..end], _forward[..end], paths));
                start = end;
            }
        foreach (Node[] activation in CheapActivations.Find(_forward[start..]))
            _segments.Add(SegmentOf(activation, activation, paths));
    }

    /// <summary>The values at the ends of segments, read by no node before: <see cref="Apply"/> wants their gradients.</summary>
    public IEnumerable<Value> Ends => _segments.SelectMany(s => s.Ends).Distinct();

    /// <summary>Changes the backward pass, which stands behind the forward pass.</summary>
    /// <param name="gradients">Of the parameters and <see cref="Ends"/>.</param>
    public void Apply(IReadOnlyDictionary<Value, Value> gradients)
    {
        HashSet<Node> forward = [.. _forward];
        foreach (Segment segment in _segments)
            if (segment.Ends.FirstOrDefault(gradients.ContainsKey) is { } end)
                Repeat(segment.Nodes, forward, gradients[end]);
        _graph.Sort();
    }

    /// <summary>Nodes, and what they, or those before them too, give to others only.</summary>
    private static Segment SegmentOf(Node[] nodes, Node[] before, TrainablePaths paths)
    {
        HashSet<Node> within = [.. before];
        return new Segment(nodes, [.. before.SelectMany(n => n.Outputs).OfType<Value>().Where(v => paths.Reaches(v) && v.Uses.Count > 0 && !v.Uses.Any(u => u.Node.Graph != v.Graph || within.Contains(u.Node)))]);
    }

    private void Repeat(Node[] nodes, HashSet<Node> forward, Value arriving)
    {
        HashSet<Node> within = [.. nodes];
        Dictionary<Value, Use[]> wanted = nodes.SelectMany(n => n.Outputs).OfType<Value>().Where(v => !IsKept(v, within, forward))
            .ToDictionary(v => v, v => v.Uses.Where(u => !forward.Contains(u.Node)).ToArray());
        HashSet<Value> needed = [.. wanted.Where(w => w.Value.Length > 0).Select(w => w.Key)];
        int freed = needed.Count;
        List<Node> repeated = [];
        foreach (Node node in nodes.Reverse().Where(n => n.Outputs.Any(o => o is not null && needed.Contains(o))))
        {
            repeated.Add(node);
            needed.UnionWith(node.Inputs.OfType<Value>().Where(wanted.ContainsKey));
        }
        Value[] entering = [.. repeated.SelectMany(n => n.Inputs).OfType<Value>().Distinct().Where(v => v.Producer is { } producer && !within.Contains(producer) && !IsSmall(v))];
        if (entering.Count(v => v.Uses.All(u => forward.Contains(u.Node))) >= freed)
            return;                                         // as much would have to be kept as is freed
        GraphBuilder op = new(_graph, "grad/segment");
        Value? zero = null;
        Dictionary<Value, Value> copies = [];
        foreach (Node node in Enumerable.Reverse(repeated))
        {
            foreach (Value input in node.Inputs.OfType<Value>().Where(i => !copies.ContainsKey(i) && !IsSmall(i) && !_parameters.Contains(i) && !i.IsInitializer))
                copies[input] = After(op, input, zero ??= op.Min(op.Size(arriving), op.Long(0)));
            GraphCopy.CopyNode(_graph, node, copies, "grad/again");
        }
        foreach ((Value value, Use[] uses) in wanted)
            foreach (Use use in uses)
                use.Node.SetInput(use.Index, copies[value]);
    }

    /// <summary>The value itself, by a shape that is known only after <paramref name="zero"/>.</summary>
    private static Value After(GraphBuilder op, Value value, Value zero)
    {
        Value same = op.Op("Reshape", [value, op.Add(op.Shape_(value), zero)], ("allowzero", 1));
        same.Shape = value.Shape;
        return same;
    }

    /// <summary>Whether a value stays in memory in any case, or cannot be computed twice.</summary>
    private static bool IsKept(Value value, HashSet<Node> within, HashSet<Node> forward)
    {
        Node producer = value.Producer!;
        return IsSmall(value) || value.IsOutput || NotRepeatable.Contains(producer.OpType) || producer.Attributes.Subgraphs.Any()
            || value.Uses.Any(u => u.Node.Graph != value.Graph || (forward.Contains(u.Node) && !within.Contains(u.Node)));
    }

    private static bool IsSmall(Value value) => !value.ElementType.IsFloatingPoint() && ActivationSize.OfExample(value) <= FewElements;
}
