namespace OnnxFineTune.Surgery;

/// <summary>Copies a subgraph into the graph around it, once or for each round of a loop; its constants are copied once.</summary>
internal sealed class SubgraphRounds(GraphBuilder b, Graph body)
{
    private readonly Dictionary<Value, Value> _constants = [];

    /// <summary>Appends a copy.</summary>
    /// <param name="name">Part of the names of the copies.</param>
    /// <param name="inputs">Values for the subgraph's inputs.</param>
    /// <returns>Values for its outputs; an output may be an input, a constant or a value of the graph around.</returns>
    public Value[] Append(string name, params IReadOnlyList<Value> inputs) => Append(name, new Dictionary<Value, Value>(), inputs);

    /// <summary>Appends a copy.</summary>
    /// <param name="name">Part of the names of the copies.</param>
    /// <param name="outer">What the copy reads instead of values of the graph around.</param>
    /// <param name="inputs">As above.</param>
    /// <returns>As above.</returns>
    public Value[] Append(string name, IReadOnlyDictionary<Value, Value> outer, params IReadOnlyList<Value> inputs)
    {
        Dictionary<Value, Value> map = _constants.Concat(outer).ToDictionary();
        foreach ((Value parameter, Value argument) in body.Inputs.Zip(inputs))
            map[parameter] = argument;
        GraphCopy.Append(b.Graph, body, map, $"{b.Prefix}/{name}", b.Before);
        foreach (Value constant in body.Initializers)
            _constants[constant] = map[constant];
        return [.. body.Outputs.Select(o => map.GetValueOrDefault(o, o))];
    }
}
