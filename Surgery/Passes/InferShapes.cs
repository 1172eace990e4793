namespace OnnxFineTune.Surgery;

/// <summary>Gives every tensor of a model's graph its element type and shape; values inside subgraphs are left as they are.</summary>
/// <remarks>
/// ONNX Runtime infers twice, for two batch sizes: dimensions equal in both are static, the others follow the batch and are named
/// <c>batch</c>, or for example <c>49*batch</c>, so that equal symbols mean equal sizes. Other free dimensions (sequence length, height …)
/// keep their symbols, and a shape that depends on the elements of an input stays unknown. Weights are not read, unless a value stays open that only a real run of the model can tell.
/// </remarks>
public static class InferShapes
{
    /// <summary>Sets type and shape of all values; those that are not tensors stay undefined.</summary>
    /// <exception cref="GraphException">ONNX Runtime refuses the model.</exception>
    public static void Run(Model model)
    {
        Graph graph = model.Graph;
        FreeDimensions free = new(graph);
        foreach (Value input in graph.FeedInputs)
            input.Shape = input.Shape is { } shape ? free.Named(shape) : null;
        free = new FreeDimensions(graph);
        Dictionary<string, TensorType> types = Infer(model, free);
        HashSet<string> open = [.. types.Where(t => IsOpen(t.Value.Shape, free)).Select(t => t.Key)];
        if (open.Count > 0)
            open.ExceptWith(DataDependence.Of(graph).Select(v => v.Name));
        if (open.Count > 0)
            Observe(model, free, open, types);
        foreach (Value value in graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            if (types.TryGetValue(value.Name, out TensorType type))
            {
                value.ElementType = type.ElementType;
                value.Shape = type.Shape ?? value.Shape;
            }
    }

    private static Dictionary<string, TensorType> Infer(Model model, FreeDimensions free)
    {
        Dictionary<string, TensorType> first = ShapeProbe.Read(model, Sizes(model, free, second: false), []);
        string[] scalars = [.. first.Where(t => t.Value.Shape!.Rank == 0).Select(t => t.Key)];
        if (!free.HasBatch && scalars.Length == 0)
            return first;
        Dictionary<string, TensorType> second = ShapeProbe.Read(model, Sizes(model, free, second: true), scalars);
        return first.ToDictionary(t => t.Key, t => t.Value with { Shape = free.Merge(t.Value.Shape, second.GetValueOrDefault(t.Key).Shape) });
    }

    private static void Observe(Model model, FreeDimensions free, HashSet<string> open, Dictionary<string, TensorType> types)
    {
        Dictionary<string, TensorType> first = ShapeRun.Read(model, Sizes(model, free, second: false), open, second: false);
        Dictionary<string, TensorType> second = ShapeRun.Read(model, Sizes(model, free, second: true), open, second: true);
        foreach ((string name, TensorType type) in first)
            if (free.Merge(type.Shape, second.GetValueOrDefault(name).Shape) is { } shape)
                types[name] = type with { Shape = shape };
    }

    private static Dictionary<string, Shape> Sizes(Model model, FreeDimensions free, bool second) =>
        model.Graph.FeedInputs.Where(v => v.Shape is not null).ToDictionary(v => v.Name, v => free.Sized(v.Shape!, second));

    /// <summary>Whether a run is worth its time: an unknown rank always, an unknown dimension where no free input dimension explains it.</summary>
    private static bool IsOpen(Shape? shape, FreeDimensions free) =>
        shape is null || (!free.HasOthers && shape.Any(d => !d.IsStatic && free.Factor(d) is null));
}
