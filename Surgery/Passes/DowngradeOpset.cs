namespace OnnxFineTune.Surgery;

/// <summary>
/// Brings a model to an earlier version of the standard operator set, for runtimes that know no later one: operators that came later are written out in
/// earlier ones, and attributes that came later go where they say what held before. A version that only allowed more element types needs no step.
/// </summary>
/// <remarks>
/// Nodes of subgraphs and the bodies of model-local functions are brought down too. Weights are not read. Source: the ONNX standard's changelog of operator
/// sets 22 to 26.
/// </remarks>
public static class DowngradeOpset
{
    /// <summary>The last version whose operators are known here; ONNX Runtime takes no later one either.</summary>
    public const int LastKnown = 26;

    /// <summary>Brings a model down in place, and its file format version to one that belongs to the operator set.</summary>
    /// <param name="model">The model. One of <paramref name="target"/> or below keeps its operator set.</param>
    /// <param name="target">The version to reach, <see cref="GraphBuilder.WorkingOpset"/> to <see cref="LastKnown"/>.</param>
    /// <exception cref="GraphException">
    /// A node has no equivalent (the message names it, the version that it needs and the reason), or the model is of a version after <see cref="LastKnown"/>. The model is
    /// then half changed.
    /// </exception>
    public static void Run(Model model, int target = GraphBuilder.WorkingOpset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target, GraphBuilder.WorkingOpset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, LastKnown);
        InferWhereNeeded(model, target);
        Lower(model, target);
        FunctionBodies.Change(model, body => Lower(body, target));
        model.IrVersion = Math.Min(model.IrVersion, LastIrOf(target));
    }

    private static void Lower(Model model, int target)
    {
        if (model.Opset <= target)
            return;
        if (model.Opset > LastKnown)
            throw new GraphException($"The model is of operator set {model.Opset}, and operators are known up to {LastKnown} here; export it with operator set {target}.");
        if (Rewrite(model, target) is [{ } refusal, ..])
            throw refusal.ToException(target);
        if (LaterElementTypes.Find(model.Graph, target) is { } later)
            throw later.ToException(target);
        model.Opset = target;
    }

    private static void InferWhereNeeded(Model model, int target)
    {
        if (model.Opset <= target)
            return;
        bool isLate = Graphs(model.Graph).SelectMany(g => g.Nodes).Any(n => OpsetDowngrades.Steps(n, model.Opset, target).Any());
        bool isOpen = model.Graph.Nodes.SelectMany(n => n.Outputs).Any(v => v is { ElementType: ElementType.Undefined } or { Shape: null });
        if (isOpen && (isLate || LaterElementTypes.MayOccur(model.Graph)))
            InferShapes.Run(model);
    }

    /// <summary>Passes every node through its steps, the latest first.</summary>
    /// <returns>The nodes that have no equivalent; they stay as they are.</returns>
    private static List<DowngradeRefusal> Rewrite(Model model, int target)
    {
        List<DowngradeRefusal> refusals = [];
        foreach (Graph graph in Graphs(model.Graph).ToArray())
        {
            GraphBuilder builder = new(graph, "downgraded");
            foreach (Node node in graph.Nodes.ToArray())
            {
                builder.Before = node;
                foreach ((int version, OpsetDowngrade step) in OpsetDowngrades.Steps(node, model.Opset, target))
                    if (step(node, builder) is { } reason)
                    {
                        refusals.Add(new DowngradeRefusal(node, version, reason));
                        break;
                    }
            }
        }
        return refusals;
    }

    /// <summary>The graph and all graphs inside it.</summary>
    internal static IEnumerable<Graph> Graphs(Graph graph) =>
        graph.Nodes.SelectMany(n => n.Attributes.Subgraphs).SelectMany(Graphs).Prepend(graph);

    /// <summary>The last file format version before the one that came with the next operator set (ONNX Versioning.md).</summary>
    private static long LastIrOf(int opset) => opset switch
    {
        <= 22 => 10,
        23 => 11,
        24 => 12,
        _ => 13,
    };
}
