namespace OnnxFineTune.Surgery;

/// <summary>Divides the path to the first output at the values through which all data flows.</summary>
internal static class PathSegments
{
    /// <summary>The stretches with parameters, from the input to where the head begins.</summary>
    /// <param name="model">A model in working form; it is not changed.</param>
    public static IReadOnlyList<PathSegment> Of(Model model)
    {
        if (model.Graph.Outputs.Count == 0)
            return [];
        Model copy = model.Clone();
        ChainConcatenations(copy.Graph);
        DataPaths paths = new(copy.Graph, copy.Graph.Outputs[0]);
        int end = HeadStart(copy, paths);
        HashSet<Value> left = [.. Parameters.Of(copy)], reached = DataPaths.Reached(copy.Graph);
        List<PathSegment> segments = [];
        Value[] cuts = [.. paths.Cuts.Where(c => paths.NodesUpTo(c) <= end)];
        for (int i = 1; i < cuts.Length; i++)
        {
            Node[] nodes = [.. paths.Nodes.Take(paths.NodesUpTo(cuts[i - 1])..paths.NodesUpTo(cuts[i]))];
            Value[] parameters = [.. nodes.SelectMany(n => ConstantSource.ReadBy(n, reached)).Where(left.Remove)];
            if (parameters.Length > 0)
                Add(segments, SegmentOf(cuts[i - 1], cuts[i], nodes, parameters));
        }
        return segments;
    }

    /// <summary>
    /// Concat(a, b, c) reads the earlier Concat(a, b) and c instead. DenseNet's layers each join all features before them anew; so they become the chain that they are.
    /// </summary>
    private static void ChainConcatenations(Graph graph)
    {
        Dictionary<(object Before, Value Next), object> prefixes = [];         // a tree of input lists; its roots are the axes
        Dictionary<object, Value> joined = [];
        foreach (Node node in graph.Nodes.Where(n => n is { OpType: "Concat", Domain: Model.StandardDomain }))
        {
            object prefix = node.Attributes.Int("axis");
            (Value Value, int Length)? longest = null;
            Value[] inputs = [.. node.Inputs.OfType<Value>()];
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!prefixes.TryGetValue((prefix, inputs[i]), out object? next))
                    prefixes[(prefix, inputs[i])] = next = new object();
                prefix = next;
                if (i + 1 < inputs.Length && joined.TryGetValue(prefix, out Value? value))
                    longest = (value, i + 1);
            }
            joined.TryAdd(prefix, node.Outputs[0]!);
            if (longest is { } found)
                node.SetInputs([found.Value, .. inputs[found.Length..]]);
        }
    }

    /// <summary>How many nodes of the path come before the head, or before the recognised classifier where none was attached.</summary>
    private static int HeadStart(Model model, DataPaths paths)
    {
        HashSet<Value> head = model.HeadParameters is { Count: > 0 } names ? [.. names.Select(model.Graph.Get)] : [.. ClassifierFinder.Find(model, out _)?.Parameters ?? []];
        for (int i = 0; i < paths.Nodes.Count; i++)
            if (paths.Nodes[i].Inputs.Any(v => ConstantSource.Of(v) is { } constant && head.Contains(constant)))
                return i;
        return paths.Nodes.Count;
    }

    private static PathSegment SegmentOf(Value from, Value to, Node[] nodes, Value[] parameters)
    {
        Dictionary<Value, string> longest = new() { [from] = "" };
        foreach (Node node in nodes)
        {
            string path = node.Inputs.OfType<Value>().Select(longest.GetValueOrDefault).OfType<string>().MaxBy(p => p.Length) ?? "";
            foreach (Value output in node.Outputs.OfType<Value>())
                longest[output] = path + LayerKind.Of(node);
        }
        string layers = longest[to];
        return new PathSegment(from.Name, nodes.Length > 1 && layers.Length > 0 && to.Producer!.OpType != "Mul", layers, parameters);
    }

    /// <summary>What only scales or normalizes goes with the layer before it, but not with parallel paths before it: it may stand in front of the next layer.</summary>
    private static void Add(List<PathSegment> segments, PathSegment next)
    {
        if (next.Layers.Length == 0 && segments.Count > 0 && segments[^1] is { IsParallel: false, Layers.Length: > 0 } last)
            segments[^1] = last.With(next);
        else
            segments.Add(next);
    }
}
