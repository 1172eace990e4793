using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The gradients of a model by all its parameters, as far as they can be had, from any gradient of its first output.</summary>
internal sealed class BackwardSurvey
{
    private readonly Dictionary<string, string> _reasons = [];

    private BackwardSurvey(Model model)
    {
        Graph = model.Graph;
    }

    /// <summary>The forward nodes, then the backward ones.</summary>
    public Graph Graph { get; }

    /// <summary>How many of the nodes are forward ones.</summary>
    public int ForwardCount { get; private set; }

    /// <summary>The parameters that exist.</summary>
    public IReadOnlyList<Value> Parameters { get; private set; } = [];

    /// <summary>dL/dθ of those that have one.</summary>
    public IReadOnlyDictionary<Value, Value> Gradients { get; private set; } = new Dictionary<Value, Value>();

    /// <summary>How parameters reach values.</summary>
    public TrainablePaths Paths { get; private set; } = null!;

    /// <summary>Forward nodes that no gradient passes, with the reason, in order.</summary>
    public IReadOnlyList<(Node Node, string Reason)> Blocked { get; private set; } = [];

    /// <summary>Differentiates a model in working form, which is changed.</summary>
    public static BackwardSurvey Of(Model work, IReadOnlyCollection<string> parameters)
    {
        Dictionary<string, string> reasons = [];
        work = InKnownOperators(work, parameters, reasons);
        BackwardSurvey survey = new(work);
        foreach ((string output, string reason) in reasons)
            survey._reasons[output] = reason;
        survey.Differentiate(parameters);
        return survey;
    }

    /// <summary>As when it is trained, but an operator that cannot be written out stays as it is.</summary>
    private static Model InKnownOperators(Model work, IReadOnlyCollection<string> parameters, Dictionary<string, string> reasons)
    {
        while (true)
        {
            TrainablePaths paths = TrainablePaths.From(Find(work.Graph, parameters), work.Graph.Nodes);
            Node[] passed = [.. paths.PassedFrom(work.Graph.Outputs[0], work.Graph.Nodes).Where(n => GradientRules.Standard.Find(n) is null && !reasons.ContainsKey(n.Outputs[0]!.Name))];
            if (passed.Count(n => WriteOut.Knows(n) && Written(work.Graph, n, reasons)) == 0)
                return work;
            work = work.ToWorkingForm();
        }
    }

    private static bool Written(Graph graph, Node node, Dictionary<string, string> reasons)
    {
        string output = node.Outputs[0]!.Name;
        try
        {
            return WriteOut.Run(graph, [node]);
        }
        catch (GraphException e)
        {
            reasons[output] = e.Message;
            return false;
        }
    }

    private void Differentiate(IReadOnlyCollection<string> parameters)
    {
        Value output = Graph.Outputs[0];
        Value gradient = Graph.AddInput(Graph.UniqueName($"{output.Name}_grad"), output.ElementType, output.Shape);
        Parameters = Find(Graph, parameters);
        Node[] forward = [.. Graph.Nodes];
        ForwardCount = forward.Length;
        Paths = TrainablePaths.From(Parameters, forward);
        Dictionary<Node, string> blocked = [];
        Gradients = new BackwardWalk(new GraphBuilder(Graph, "grad"), Paths, GradientRules.Standard, (node, e) => blocked[node] = _reasons.GetValueOrDefault(node.Outputs[0]!.Name, e.Message))
            .Run(output, gradient, Parameters, forward);
        Blocked = [.. forward.Where(blocked.ContainsKey).Select(n => (n, blocked[n]))];
    }

    private static List<Value> Find(Graph graph, IReadOnlyCollection<string> names) => [.. names.Select(graph.Find).OfType<Value>().Where(v => v.Data is not null && v.ElementType.IsFloatingPoint())];
}
