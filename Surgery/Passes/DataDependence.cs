namespace OnnxFineTune.Surgery;

/// <summary>
/// Which values have a shape that depends on the elements of an input of the graph, not on its shape alone: a Reshape to a shape that is fed, a
/// NonZero. A run with made-up elements says nothing about those.
/// </summary>
internal sealed class DataDependence
{
    /// <summary>By operator, the inputs whose elements decide the shape of an output; <c>Reduce…</c> operators, besides, have their axes in input 1.</summary>
    private static readonly Dictionary<string, int[]> Deciding = new()
    {
        ["Reshape"] = [1], ["Expand"] = [1], ["Tile"] = [1], ["Squeeze"] = [1], ["Unsqueeze"] = [1], ["Split"] = [1], ["SplitToSequence"] = [1], ["SequenceAt"] = [1],
        ["Slice"] = [1, 2, 3, 4], ["Pad"] = [1, 3], ["CenterCropPad"] = [1], ["Resize"] = [1, 2, 3], ["Upsample"] = [1], ["AffineGrid"] = [1], ["MaxUnpool"] = [2],
        ["Col2Im"] = [1, 2], ["ConstantOfShape"] = [0], ["Range"] = [0, 1, 2], ["OneHot"] = [1], ["TopK"] = [1], ["NonZero"] = [0], ["Compress"] = [1], ["Unique"] = [0],
        ["NonMaxSuppression"] = [0, 1, 2, 3, 4], ["HannWindow"] = [0], ["HammingWindow"] = [0], ["BlackmanWindow"] = [0], ["MelWeightMatrix"] = [0, 1, 2, 3, 4],
        ["DFT"] = [1, 2], ["STFT"] = [1, 3], ["StringSplit"] = [0], ["ImageDecoder"] = [0],
    };

    private readonly HashSet<Value> _elements;
    private readonly HashSet<Value> _shapes = [];

    private DataDependence(Graph graph) => _elements = [.. graph.FeedInputs];

    /// <summary>The values of such a shape; of a graph without its subgraphs.</summary>
    public static IReadOnlySet<Value> Of(Graph graph)
    {
        DataDependence dependence = new(graph);
        dependence.Follow(graph);
        return dependence._shapes;
    }

    private void Follow(Graph graph)
    {
        foreach (Node node in graph.Nodes)
            if (node is { OpType: "If", Domain: Model.StandardDomain })
                FollowBranches(node);
            else if (node is { OpType: "Shape" or "Size", Domain: Model.StandardDomain })
                Mark(node.Outputs[0]!, elements: _shapes.Contains(node.Inputs[0]!), shape: false);
            else
                foreach (Value output in node.Outputs.OfType<Value>())
                    Mark(output, TopologicalOrder.Reads(node).Any(_elements.Contains), ShapeDepends(node));
    }

    private void FollowBranches(Node node)
    {
        bool chosen = _elements.Contains(node.Inputs[0]!);
        foreach (Graph branch in node.Attributes.Subgraphs)
        {
            Follow(branch);
            foreach ((Value? output, Value result) in node.Outputs.Zip(branch.Outputs))
                if (output is not null)
                    Mark(output, chosen || _elements.Contains(result), chosen || _shapes.Contains(result));
        }
    }

    private bool ShapeDepends(Node node) => TopologicalOrder.Reads(node).Any(_shapes.Contains) || DecidingInputs(node).Any(_elements.Contains);

    /// <summary>Of operators that are not the standard's, and of loops, nothing is known: then any integer may decide, and anything a loop reads.</summary>
    private static IEnumerable<Value> DecidingInputs(Node node)
    {
        if (node.Domain != Model.StandardDomain)
            return node.Inputs.OfType<Value>().Where(v => !v.ElementType.IsFloatingPoint());
        if (node.Attributes.Subgraphs.Any())
            return TopologicalOrder.Reads(node);
        int[] places = node.OpType.StartsWith("Reduce", StringComparison.Ordinal) ? [1] : Deciding.GetValueOrDefault(node.OpType, []);
        return places.Select(node.Input).OfType<Value>();
    }

    private void Mark(Value value, bool elements, bool shape)
    {
        if (elements || shape)
            _elements.Add(value);
        if (shape)
            _shapes.Add(value);
    }
}
