using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Where the frozen layers in front of a model end. The values on the border are float tensors with the batch in the first dimension, so that they
/// can be computed once per example and kept; what is not so (shape arithmetic, for example) is computed again with the trained layers.
/// </summary>
internal sealed class FrozenSplit
{
    private readonly HashSet<Node> _trained = [];
    private readonly List<Value> _border = [];

    private FrozenSplit()
    {
    }

    /// <summary>Splits a graph in working form.</summary>
    /// <exception cref="GraphException">A parameter has no influence on the output.</exception>
    public static FrozenSplit Of(Graph graph, IReadOnlyCollection<Value> parameters)
    {
        FrozenSplit split = new();
        HashSet<Value> reached = [.. parameters];
        foreach (Node node in graph.Nodes)
            if (TopologicalOrder.Reads(node).Any(reached.Contains))
            {
                split._trained.Add(node);
                reached.UnionWith(node.Outputs.OfType<Value>());
            }
        if (!reached.Contains(graph.Outputs[0]))
            throw new GraphException($"The parameters to train have no influence on the output '{graph.Outputs[0].Name}'; choose others.");
        split.FindBorder(graph);
        return split;
    }

    /// <summary>The frozen layers, or null when the border lies at the inputs.</summary>
    public Model? FrozenPart(Model model)
    {
        if (_border.TrueForAll(v => v.Producer is null))
            return null;
        Model copy = model.Clone();
        copy.Graph.SetOutputs([.. _border.Select(v => copy.Graph.Get(v.Name))]);
        RemoveUnused.Run(copy.Graph);
        return copy;
    }

    /// <summary>The trained layers; the border values are inputs.</summary>
    public Model TrainedPart(Model model)
    {
        Model copy = model.Clone();
        Graph graph = copy.Graph;
        Value[] before = [.. graph.FeedInputs];
        List<(Value Input, string Name)> features = [];
        foreach (string name in _border.Select(v => v.Name))
        {
            Value value = graph.Get(name);
            Value input = graph.AddInput(graph.UniqueName(name), value.ElementType, value.Shape);
            value.ReplaceUsesWith(input);
            features.Add((input, name));
        }
        RemoveUnused.Run(graph);
        foreach (Value input in before)
            graph.RemoveInput(input);
        foreach ((Value input, string name) in features)
            graph.Rename(input, name);
        return copy;
    }

    /// <summary>Follows the trained layers' inputs back until every border value is one that can be kept.</summary>
    private void FindBorder(Graph graph)
    {
        HashSet<Value> seen = [];
        Stack<Value> open = new(graph.Nodes.Where(_trained.Contains).SelectMany(TopologicalOrder.Reads).Reverse());
        while (open.TryPop(out Value? value))
        {
            if (value.Graph != graph || value.IsInitializer || !seen.Add(value) || value.Producer is { } trained && _trained.Contains(trained))
                continue;
            if (CanBeKept(value))
                _border.Add(value);
            else if (value.Producer is { } producer)
            {
                _trained.Add(producer);
                foreach (Value read in TopologicalOrder.Reads(producer))
                    open.Push(read);
            }
            else
                throw new GraphException($"The trained layers read the input '{value}', which is not float; cut the model behind it or freeze the layers that read it.");
        }
        _border.RemoveAll(v => v.Producer is { } p && _trained.Contains(p));
    }

    private static bool CanBeKept(Value value) =>
        value.ElementType == ElementType.Float && value.Shape is { Rank: > 0 } shape && (value.Producer is null || !shape[0].IsStatic && IsStaticFrom(shape, 1))
        && value.Producer?.OpType != "Dropout";

    private static bool IsStaticFrom(Shape shape, int axis) => shape.Skip(axis).All(d => d.IsStatic);
}
