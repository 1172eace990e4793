using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>Puts the bodies of functions in the place of calls; the nodes come to stand at the end of the graph and are to be sorted.</summary>
internal sealed class CallInliner
{
    private readonly Model _model;
    private readonly HashSet<string> _names;

    public CallInliner(Model model)
    {
        _model = model;
        _names = [.. DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Values).Select(v => v.Name)];
    }

    /// <summary>Replaces one call.</summary>
    public void Inline(Node call, LocalFunction function)
    {
        Model body = function.Body.Clone();
        BindAttributes(body.Graph, call, function.Defaults);
        LeaveOutInputs(body.Graph, call);
        Upgrade(body, call);
        MakeNamesUnique(body.Graph, call.Name.Length > 0 ? call.Name : call.Outputs.First(o => o is not null)!.Name);
        Dictionary<Value, Value> map = [];
        foreach ((Value parameter, Value? argument) in body.Graph.Inputs.Zip(call.Inputs))
            if (argument is not null)
                map[parameter] = argument;
        GraphCopy.Append(call.Graph, body.Graph, map);
        GraphBuilder builder = new(call.Graph, "inlined");
        call.ReplaceBy([.. body.Graph.Outputs.Select((o, i) => call.Output(i) is null || !map.TryGetValue(o, out Value? result) ? null : builder.Identity(result))]);
        foreach ((string domain, long version) in body.OpsetImports)
            _model.OpsetImports.TryAdd(domain, version);
    }

    /// <summary>Gives attributes that refer to the caller's their values; those that neither the caller nor the function sets go.</summary>
    private static void BindAttributes(Graph body, Node call, NodeAttributes defaults)
    {
        foreach (Node node in DowngradeOpset.Graphs(body).SelectMany(g => g.Nodes).ToArray())
            foreach (NodeAttribute attribute in node.Attributes.Where(a => a.Content is null or Array { Length: 0 }).ToArray())
                if (AttributeProto.Parser.ParseFrom(attribute.Unmodelled.Span).RefAttrName is { Length: > 0 } reference)
                {
                    if ((call.Attributes[reference] ?? defaults[reference]) is { } given)
                        node.Attributes.Set(given with { Name = attribute.Name });
                    else
                        node.Attributes.Remove(attribute.Name);
                }
    }

    /// <summary>Inputs that the call leaves out are left out by the nodes that read them.</summary>
    private static void LeaveOutInputs(Graph body, Node call)
    {
        for (int i = 0; i < body.Inputs.Count; i++)
            if (call.Input(i) is null)
                foreach (Use use in body.Inputs[i].Uses.ToArray())
                {
                    use.Node.SetInput(use.Index, null);
                    use.Node.SetInputs([.. use.Node.Inputs]);
                }
    }

    private void Upgrade(Model body, Node call)
    {
        body.OpsetImports.TryAdd(Model.StandardDomain, _model.Opset);
        int target = (int)Math.Min(_model.Opset, GraphBuilder.WorkingOpset);
        if (body.Opset >= target)
            return;
        if (DowngradeOpset.Graphs(body.Graph).SelectMany(g => g.Nodes).Any(n => OpsetUpgrades.NeedsShapes(n, body.Opset, target)))
            InferArguments(call);
        body.IrVersion = _model.IrVersion;
        foreach ((Value parameter, Value? argument) in body.Graph.Inputs.Zip(call.Inputs))
            (parameter.ElementType, parameter.Shape) = (argument?.ElementType ?? ElementType.Undefined, argument?.Shape);
        UpgradeOpset.Run(body, target);
    }

    /// <summary>Finds type and shape of what a call is given. ONNX Runtime reads bodies in the model's operator set, so it is only shown what comes before the call.</summary>
    private void InferArguments(Node call)
    {
        Model before = _model.Clone();
        before.Unmodelled = default;
        Value[] computed = [.. call.Inputs.OfType<Value>().Where(v => v.Graph == _model.Graph && v.Producer is not null)];
        before.Graph.SetOutputs([.. computed.Select(v => before.Graph.Get(v.Name))]);
        RemoveUnused.Run(before.Graph);
        before.Graph.Sort();
        InferShapes.Run(before);
        foreach (Value value in computed)
            (value.ElementType, value.Shape) = (before.Graph.Get(value.Name).ElementType, before.Graph.Get(value.Name).Shape);
    }

    private void MakeNamesUnique(Graph body, string prefix)
    {
        foreach (Graph graph in DowngradeOpset.Graphs(body).ToArray())
        {
            foreach (Node node in graph.Nodes.Where(n => n.Name.Length > 0))
                node.Name = $"{prefix}/{node.Name}";
            foreach (Value value in graph.Values.ToArray())
                if (graph != body || !value.IsInput)
                    graph.Rename(value, Free(graph, $"{prefix}/{value.Name}"));
        }
    }

    private string Free(Graph graph, string wanted)
    {
        string name = wanted;
        for (int i = 1; _names.Contains(name) || graph.FindInScope(name) is not null; i++)
            name = $"{wanted}_{i}";
        _names.Add(name);
        return name;
    }
}
