namespace OnnxFineTune.Surgery;

/// <summary>
/// Computes once what is the same for every input: shape arithmetic, index tables, masks. Parameters stay as they are: a transposed weight is not
/// stored in its place, since it could not be trained then.
/// </summary>
/// <remarks>Uses the shapes that are known (run <see cref="InferShapes"/> before); results over 1 MiB stay computed. ONNX Runtime does the arithmetic.</remarks>
public static class FoldConstants
{
    /// <summary>Folds in place; nodes left without use go.</summary>
    public static void Run(Model model)
    {
        Dictionary<Value, TensorData> constants = new ShapeArithmetic(model).Evaluate();
        foreach ((Value value, TensorData data) in constants)
            if (!value.IsOutput && value.Uses.Any(u => !IsFolded(u.Node)))
                Store(value, data);
        if (constants.Count > 0)
            RemoveUnused.Run(model.Graph);

        bool IsFolded(Node node) => node.Outputs.All(o => o is null || constants.ContainsKey(o));
    }

    private static void Store(Value value, TensorData data)
    {
        Graph graph = value.Graph;
        string name = value.Name;
        graph.Rename(value, graph.UniqueName(name + "_computed"));
        value.ReplaceUsesWith(graph.AddInitializer(name, data));
    }
}
