using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Puts frozen layers and the trained layers behind them together again: the reverse of <see cref="FrozenSplit"/>.</summary>
internal static class FrozenFront
{
    /// <summary>One model from the inputs of <paramref name="frozen"/> to the outputs of <paramref name="trained"/>, whose metadata it has.</summary>
    /// <param name="frozen">The frozen layers: inputs → features.</param>
    /// <param name="trained">The trained layers; each input has the name of a feature.</param>
    /// <exception cref="GraphException">A feature is missing, or the operator sets differ, so that the two were not made together.</exception>
    public static Model Join(Model frozen, Model trained)
    {
        if (frozen.Opset != trained.Opset)
            throw new GraphException($"The frozen layers are in operator set {frozen.Opset}, those behind them in {trained.Opset}, so they were not made together; make the artifacts again.");
        Model joined = frozen.Clone(), behind = trained.Clone();
        Dictionary<Value, Value> map = behind.Graph.FeedInputs.ToDictionary(i => i, i => joined.Graph.Outputs.FirstOrDefault(o => o.Name == i.Name)
            ?? throw new GraphException($"The frozen layers do not compute the feature '{i.Name}', so they were not made together with the artifacts; make them again."));
        foreach (Value constant in behind.Graph.Initializers)
            if (joined.Graph.Find(constant.Name) is { Data: { } data } same && IsSame(data, constant.Data!))
                map[constant] = same;       // read on both sides of the border
        foreach (Value value in behind.Graph.Values.Where(v => !map.ContainsKey(v) && joined.Graph.Find(v.Name) is not null).ToArray())
            joined.Graph.Rename(joined.Graph.Find(value.Name)!, Unused(joined.Graph, behind.Graph, value.Name));
        GraphCopy.Append(joined.Graph, behind.Graph, map);
        joined.Graph.SetOutputs([.. behind.Graph.Outputs.Select(o => map[o])]);
        foreach ((string key, string text) in behind.Metadata)
            joined.Metadata[key] = text;
        return joined;
    }

    private static bool IsSame(TensorData a, TensorData b) => a.ElementType == b.ElementType && a.Shape.Equals(b.Shape) && a.Bytes.Span.SequenceEqual(b.Bytes.Span);

    /// <summary>A name that neither graph has.</summary>
    private static string Unused(Graph first, Graph second, string name)
    {
        for (int i = 1; ; i++)
            if ($"{name}_{i}" is var unused && first.Find(unused) is null && second.Find(unused) is null)
                return unused;
    }
}
