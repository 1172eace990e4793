namespace OnnxFineTune.Surgery;

/// <summary>
/// Brings a model to a later version of the standard operator set: each node passes through the steps at which its operator changed meaning or
/// form. A version that only allows more element types needs no step.
/// </summary>
/// <remarks>
/// Nodes of subgraphs are upgraded too, the bodies of model-local functions are not: they carry their own version. Constants may be initializers or
/// <c>Constant</c> nodes. Weights are not read.
/// </remarks>
public static class UpgradeOpset
{
    /// <summary>ONNX Runtime opens no model below this version, so shapes are not to be had there.</summary>
    private const int FirstInferable = 7;

    /// <summary>Upgrades in place. A model of <paramref name="target"/> or above stays as it is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="target">The version to reach, 7 to 21.</param>
    /// <exception cref="GraphException">An operator has no equivalent; the message names the node and the reason. The model is then half changed.</exception>
    public static void Run(Model model, int target = GraphBuilder.WorkingOpset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target, FirstInferable);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, GraphBuilder.WorkingOpset);
        if (model.Opset < FirstInferable && target > FirstInferable)
            Run(model, FirstInferable);
        if (model.Opset >= target)
            return;
        Node[] nodes = [.. AllNodes(model.Graph).Where(n => n.Domain == Model.StandardDomain)];
        if (model.Opset >= FirstInferable && nodes.Any(n => OpsetUpgrades.NeedsShapes(n, model.Opset, target)))
            InferShapes.Run(model);
        Dictionary<Graph, GraphBuilder> builders = [];
        foreach (Node node in nodes)
            Upgrade(node, model.Opset, target, builders);
        model.Opset = target;
        model.IrVersion = Math.Max(model.IrVersion, FirstIrOf(target));
    }

    private static void Upgrade(Node node, long from, int target, Dictionary<Graph, GraphBuilder> builders)
    {
        for (int version = (int)from + 1; version <= target; version++)
            if (OpsetUpgrades.All.TryGetValue((node.OpType, version), out OpsetUpgrade? step))
            {
                if (!builders.TryGetValue(node.Graph, out GraphBuilder? builder))
                    builders[node.Graph] = builder = new GraphBuilder(node.Graph, "upgraded");
                builder.Before = node;
                step(node, builder);
            }
    }

    private static IEnumerable<Node> AllNodes(Graph graph) =>
        graph.Nodes.SelectMany(n => n.Attributes.Subgraphs.SelectMany(AllNodes).Prepend(n));

    /// <summary>The file format version that came with an operator set (ONNX Versioning.md).</summary>
    private static long FirstIrOf(int opset) => opset switch
    {
        < 9 => 3,
        9 => 4,
        10 => 5,
        11 => 6,
        < 15 => 7,
        < 19 => 8,
        < 21 => 9,
        _ => 10,
    };
}
