namespace OnnxFineTune.Surgery;

/// <summary>
/// The values on the paths along which data flows from the inputs to one output, and those among them at which the model falls into two: every
/// path goes through them (they dominate the output: Prosser 1959; Lengauer and Tarjan 1979). Found in linear time.
/// </summary>
/// <remarks>
/// Shape and Size carry no data, so a Reshape that asks an earlier value for its batch size is no second path. In a topological order every path
/// runs forward, so that a value is on all paths if and only if no edge jumps over it.
/// </remarks>
internal sealed class DataPaths
{
    private readonly List<Value> _values = [];
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<Value, int> _index = [];
    private readonly List<int> _reach = [];         // by value: the last value that reads it
    private readonly List<int> _nodesUpTo = [];     // by value: how many nodes come before it, its producer included
    private readonly List<bool> _isCut = [];

    public DataPaths(Graph graph, Value output)
    {
        HashSet<Value> reached = Reached(graph);
        HashSet<Value> needed = reached.Contains(output) ? [output] : [];
        foreach (Node node in graph.Nodes.Reverse())
            if (CarriesData(node) && node.Outputs.Any(o => o is not null && needed.Contains(o)))
                needed.UnionWith(TopologicalOrder.Reads(node).Where(reached.Contains));
        Collect(graph, needed);
        FindCuts(graph.FeedInputs.Count(needed.Contains));
    }

    /// <summary>All values on a path, in topological order, the inputs first.</summary>
    public IReadOnlyList<Value> Values => _values;

    /// <summary>The nodes on a path, in topological order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>The values through which every path goes, in order; a single input and the output are among them.</summary>
    public IEnumerable<Value> Cuts => _values.Where((_, i) => _isCut[i]);

    public bool Contains(Value value) => _index.ContainsKey(value);

    public bool IsCut(Value value) => _index.TryGetValue(value, out int i) && _isCut[i];

    /// <summary>How many of <see cref="Nodes"/> come before a cut.</summary>
    public int NodesUpTo(Value cut) => _nodesUpTo[_index[cut]];

    /// <summary>The values whose data goes round <paramref name="value"/>: cut together with it, they cut the model in two.</summary>
    public IEnumerable<Value> Around(Value value)
    {
        int index = _index[value];
        return _values.Where((v, i) => i < index ? _reach[i] > index : i > index && v.Producer is null);     // inputs listed later come from outside too
    }

    /// <summary>The last cut before a value and the first one after it, where there are.</summary>
    public (Value? Before, Value? After) NearestCuts(Value value)
    {
        int index = _index[value];
        int before = _isCut.FindLastIndex(index, c => c), after = _isCut.FindIndex(index, c => c);
        return (before < 0 ? null : _values[before], after < 0 ? null : _values[after]);
    }

    /// <summary>The values that data from an input reaches; the others are constants, computed or not, and sizes.</summary>
    public static HashSet<Value> Reached(Graph graph)
    {
        HashSet<Value> reached = [.. graph.FeedInputs];
        foreach (Node node in graph.Nodes)
            if (CarriesData(node) && TopologicalOrder.Reads(node).Any(reached.Contains))
                reached.UnionWith(node.Outputs.OfType<Value>());
        return reached;
    }

    private static bool CarriesData(Node node) => node.OpType is not ("Shape" or "Size");

    private void Collect(Graph graph, HashSet<Value> needed)
    {
        foreach (Value input in graph.FeedInputs.Where(needed.Contains))
            Add(input);
        foreach (Node node in graph.Nodes)
        {
            if (!node.Outputs.Any(o => o is not null && needed.Contains(o)))
                continue;
            _nodes.Add(node);
            foreach (Value value in node.Outputs.OfType<Value>().Where(needed.Contains))
                Add(value);
            foreach (Value read in TopologicalOrder.Reads(node))
                if (_index.TryGetValue(read, out int i))
                    _reach[i] = _values.Count - 1;
        }
    }

    private void Add(Value value)
    {
        _index[value] = _values.Count;
        _values.Add(value);
        _reach.Add(-1);
        _nodesUpTo.Add(_nodes.Count);
    }

    private void FindCuts(int inputs)
    {
        int furthest = inputs - 1;      // the inputs are read by the world before the first value
        for (int i = 0; i < _values.Count; i++)
        {
            _isCut.Add(furthest <= i);
            furthest = Math.Max(furthest, _reach[i]);
        }
    }
}
