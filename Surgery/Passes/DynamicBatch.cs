namespace OnnxFineTune.Surgery;

/// <summary>
/// Makes a static batch dimension free: a model that was exported for [1, 3, 224, 224] takes [batch, 3, 224, 224] afterwards. Shapes with the old
/// batch size in them (targets of Reshape and Expand, sizes of Resize, constants in Concat) are rewritten.
/// </summary>
/// <remarks>
/// The model must be in the working operator set and have its shapes inferred; they are inferred again. Where the batch cannot be made free (a state
/// of fixed size, a reduction over the batch), the model stays as it was.
/// </remarks>
public static class DynamicBatch
{
    /// <summary>Changes the model in place.</summary>
    /// <returns>Whether the inputs' batch dimension is free now.</returns>
    public static bool Run(Model model)
    {
        Graph graph = model.Graph;
        Value[] inputs = Inputs(graph);
        if (inputs.Length == 0)
            return new FreeDimensions(graph).HasBatch;
        (Node Node, Value?[] Inputs)[] nodes = [.. graph.Nodes.Select(n => (n, n.Inputs.ToArray()))];
        (Value Value, Shape? Shape)[] shapes = [.. graph.Values.Select(v => (v, v.Shape))];
        Dictionary<Value, Shape> expected = new BatchRewrite(graph, inputs).Run();
        foreach (Value input in inputs)
            input.Shape = input.Shape!.With(0, Dimension.Named(FreeDimensions.Batch));
        if (Holds(model, expected))
            return true;
        foreach ((Node node, Value?[] before) in nodes)
            node.SetInputs(before);
        foreach ((Value value, Shape? before) in shapes)
            value.Shape = before;
        RemoveUnused.Run(graph);
        return false;
    }

    /// <summary>The inputs that share the batch: of the rank of an image where there is one, else of any rank from 2, all with the same first dimension.</summary>
    private static Value[] Inputs(Graph graph)
    {
        Value[] tensors = [.. graph.FeedInputs.Where(v => v.Shape is { Rank: > 1 })];
        Value? first = tensors.FirstOrDefault(v => v.Shape!.Rank == 4) ?? tensors.FirstOrDefault();
        return first is null || tensors.Any(v => !v.Shape![0].IsStatic) ? [] : [.. tensors.Where(v => v.Shape![0] == first.Shape![0])];
    }

    /// <summary>A whole dimension for the batch: where an output [1000] would become [1000·batch], a single image was meant.</summary>
    private static bool IsBatch(Dimension dimension) => dimension.Symbol == FreeDimensions.Batch;

    private static bool Holds(Model model, Dictionary<Value, Shape> expected)
    {
        try
        {
            InferShapes.Run(model);
        }
        catch (GraphException)
        {
            return false;
        }
        Value[] outputs = [.. model.Graph.Outputs.Where(expected.ContainsKey)];
        return outputs.Length > 0 && outputs.All(o => o.Shape!.Any(IsBatch)) && expected.All(e => e.Value.Equals(e.Key.Shape));
    }
}
