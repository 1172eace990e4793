namespace OnnxFineTune.Surgery;

/// <summary>Walks through a graph with the batch (<see cref="BatchAxis"/>) and rewrites the constants that hold its size.</summary>
internal sealed class BatchRewrite
{
    private readonly Graph _graph;
    private readonly long _batch;
    private readonly Dictionary<Value, BatchPlace> _places = [];
    private readonly GraphBuilder _builder;

    public BatchRewrite(Graph graph, IReadOnlyList<Value> inputs)
    {
        _graph = graph;
        _batch = inputs[0].Shape![0].Value!.Value;
        _builder = new GraphBuilder(graph, "batch");
        foreach (Value input in inputs)
            _places[input] = new BatchPlace(0);
    }

    /// <summary>Rewrites, and says which shape each value that holds the batch must have afterwards.</summary>
    public Dictionary<Value, Shape> Run()
    {
        foreach (Node node in _graph.Nodes.ToArray())
        {
            foreach (Value output in node.Outputs.OfType<Value>())
                if (BatchAxis.Of(node, output, _places, _batch) is { } place)
                    _places[output] = place;
            if (node.Output(0) is { } y && _places.TryGetValue(y, out BatchPlace found))
                Rewrite(node, y.Shape!, found.Axis);
        }
        return _places.ToDictionary(p => p.Key, p => Expected(p.Key.Shape!, p.Value.Axis));
    }

    private Shape Expected(Shape shape, int axis)
    {
        long factor = shape[axis].Value!.Value / _batch;
        return shape.With(axis, Dimension.Named(factor == 1 ? FreeDimensions.Batch : $"{factor}*{FreeDimensions.Batch}"));
    }

    private void Rewrite(Node node, Shape y, int axis)
    {
        _builder.Before = node;
        switch (node.OpType)
        {
            case "Reshape" when node.Inputs[1]!.Data is { } target && target.ToLongs()[axis] != -1:
                node.SetInput(1, _builder.Longs([.. Replaced(y, axis, -1)]));
                break;
            case "Expand" when node.Inputs[1]!.Data is not null && _places.ContainsKey(node.Inputs[0]!):
                node.SetInput(1, _builder.Longs([.. Replaced(y, axis, 1)]));     // 1 leaves the input's size
                break;
            case "Resize" when node.Input(3) is { Data: { } sizes } && axis == 0 && !node.Attributes.Has("axes"):
                node.SetInput(3, _builder.Concat(0, _builder.Shape_(node.Inputs[0]!, 0, 1), _builder.Longs(sizes.ToLongs().AsSpan(1))));
                break;
            case "Concat" when (node.Attributes.Int("axis") + y.Rank) % y.Rank != axis:
                ExpandConstants(node, axis);
                break;
        }
    }

    private static IEnumerable<long> Replaced(Shape shape, int axis, long value) => shape.Select((d, i) => i == axis ? value : d.Value!.Value);

    /// <summary>A part that is the same for each image (a class token) was written once; it is repeated for each now.</summary>
    private void ExpandConstants(Node concat, int axis)
    {
        Value like = concat.Inputs.First(i => i is not null && _places.ContainsKey(i))!;
        for (int i = 0; i < concat.Inputs.Count; i++)
            if (concat.Inputs[i] is { Shape: { } shape } part && !_places.ContainsKey(part) && OneOf(part, axis) is { } one)
            {
                Value[] sizes = [.. Enumerable.Range(0, shape.Rank).Select(d => d == axis ? _builder.Shape_(like, axis, axis + 1) : _builder.Longs(1))];
                concat.SetInput(i, _builder.Expand(one, _builder.Concat(0, sizes)));
            }
    }

    /// <summary>What was repeated along <paramref name="axis"/>, of size 1 there; null where it was not.</summary>
    private Value? OneOf(Value part, int axis)
    {
        if (part.Shape![axis].Value == 1)
            return part;
        if (part.Producer is { OpType: "Expand" } expand)
            return expand.Inputs[0]!.Shape is { } shape && shape.Rank == part.Shape.Rank && shape[axis].Value == 1 ? expand.Inputs[0] : null;
        return axis == 0 && part.Data is { } data && RowsAreEqual(data) ? _builder.Slice(part, 0, 0, 1) : null;
    }

    private bool RowsAreEqual(TensorData data)
    {
        int row = data.Bytes.Length / (int)_batch;
        ReadOnlySpan<byte> first = data.Bytes.Span[..row];
        for (int i = 1; i < _batch; i++)
            if (!data.Bytes.Span.Slice(i * row, row).SequenceEqual(first))
                return false;
        return true;
    }
}
