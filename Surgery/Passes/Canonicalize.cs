namespace OnnxFineTune.Surgery;

/// <summary>
/// One spelling for what ONNX can say in several ways: <c>Constant</c> nodes become initializers, initializers are no longer inputs (files of IR
/// version 3 list them), and <c>Identity</c> nodes go, also between shared weights.
/// </summary>
/// <remarks>Names of inputs, outputs and initializers stay. Works on subgraphs too.</remarks>
public static class Canonicalize
{
    /// <summary>Brings <paramref name="model"/> to this form.</summary>
    public static void Run(Model model)
    {
        Run(model.Graph);
        if (model.IrVersion < FirstIrWithoutListedInitializers)
            model.IrVersion = FirstIrWithoutListedInitializers;
    }

    private const long FirstIrWithoutListedInitializers = 4;

    private static void Run(Graph graph)
    {
        List<Node> replaced = [];
        // Constants first: an Identity of a Constant is then an Identity of an initializer.
        foreach (Node node in graph.Nodes.ToArray())
            if (node is { OpType: "Constant", Domain: Model.StandardDomain } && ConstantValue.Of(node) is { } data)
            {
                MakeInitializer(node.Outputs[0]!, data);
                replaced.Add(node);
            }
        HashSet<Value> outputs = [.. graph.Outputs];
        Dictionary<Value, string> outputNames = [];
        foreach (Node node in graph.Nodes)
            if (node is { OpType: "Identity", Domain: Model.StandardDomain } && Bypass(node, outputs, outputNames))
                replaced.Add(node);
        graph.RemoveNodes(replaced);
        foreach ((Value value, string name) in outputNames)
            graph.Rename(value, name);
        if (graph.Outer is null)
            foreach (Value listed in graph.Inputs.Where(v => v.IsInitializer).ToArray())
                graph.RemoveInput(listed);
        foreach (Graph subgraph in graph.Nodes.SelectMany(n => n.Attributes.Subgraphs))
            Run(subgraph);
    }

    private static void MakeInitializer(Value constant, TensorData data)
    {
        Graph graph = constant.Graph;
        string name = constant.Name;
        graph.Rename(constant, graph.UniqueName(name + "_constant"));
        constant.ReplaceUsesWith(graph.AddInitializer(name, data));
    }

    /// <summary>Makes users read the source; an output of the graph stays one, and its name goes to the source where a node computes that.</summary>
    /// <returns>Whether nothing reads the Identity any more.</returns>
    private static bool Bypass(Node identity, HashSet<Value> outputs, Dictionary<Value, string> outputNames)
    {
        if (identity.Input(0) is not { } source || identity.Output(0) is not { } result || source.Graph != identity.Graph)
            return false;
        if (outputs.Contains(result))
        {
            if (source.Producer is null || !outputs.Add(source))
                return false;
            outputs.Remove(result);
            outputNames[source] = outputNames.Remove(result, out string? name) ? name : result.Name;
        }
        result.ReplaceUsesWith(source);
        return true;
    }
}
