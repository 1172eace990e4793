using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Reads off one <see cref="BackwardSurvey"/> what training from each cut on takes: gradients of parameters behind it, and what of the forward pass they read.</summary>
internal sealed class TrainabilityReport
{
    private readonly BackwardSurvey _survey;
    private readonly int _batch;
    private readonly Dictionary<Node, int> _order;
    private readonly HashSet<Value> _data;

    /// <summary>By parameter: the first node of the data's way that reads it, by its place.</summary>
    private readonly Dictionary<Value, int> _place = [];

    /// <summary>Nodes of the data's way that read parameters, by their places.</summary>
    private readonly List<int> _layers = [];

    public TrainabilityReport(BackwardSurvey survey, int batch)
    {
        (_survey, _batch) = (survey, batch);
        _order = survey.Graph.Nodes.Take(survey.ForwardCount).Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        _data = DataPaths.Reached(survey.Graph);
        HashSet<Value> parameters = [.. survey.Parameters];
        foreach ((Node node, int place) in _order.OrderBy(o => o.Value).Where(o => o.Key.Outputs.Any(v => v is not null && _data.Contains(v))))
        {
            Value[] read = [.. ConstantSource.ReadBy(node, _data).Where(parameters.Contains)];
            if (read.Length > 0)
                _layers.Add(place);
            foreach (Value parameter in read)
                _place.TryAdd(parameter, place);
        }
    }

    public Trainability Of(IReadOnlyList<CutPoint> points)
    {
        Value input = _survey.Graph.FeedInputs.First();
        List<(TensorSummary Summary, Value Value)> places = [(TensorSummary.Of(input), input),
            .. points.Where(p => _survey.Graph.Find(p.Value.Name) is not null).Select(p => (p.Value, _survey.Graph.Get(p.Value.Name)))];
        KeptValues kept = new(_survey, _data, _batch);
        List<TrainableCut> cuts = [];
        foreach ((TensorSummary summary, Value value) in places.AsEnumerable().Reverse())       // what a cut needs, those in front of it need too
        {
            int from = PlaceOf(value);
            Value[] trained = [.. _place.Where(p => p.Value > from).Select(p => p.Key)];
            if (trained.Length == 0)
                continue;
            kept.Add(trained);
            cuts.Insert(0, new TrainableCut(summary, trained.Sum(p => p.Data!.Count), _layers.Count(l => l > from), kept.BytesWith(value), [.. Blocked(from).Select(b => b.Outputs[0]!.Name)]));
        }
        return new Trainability(_batch, cuts, [.. _survey.Blocked.Select(b => Describe(b.Node, b.Reason, cuts))]);
    }

    /// <summary>The blocking nodes that a parameter behind a place reaches.</summary>
    private IEnumerable<Node> Blocked(int from) => _survey.Blocked.Select(b => b.Node).Where(n => LastParameterBefore(n) > from);

    private int LastParameterBefore(Node node)
    {
        int last = -1;
        HashSet<Value> seen = [];
        Stack<Value> open = new(TopologicalOrder.Reads(node));
        while (open.TryPop(out Value? value))
        {
            if (!seen.Add(value) || !_survey.Paths.Reaches(value))
                continue;
            last = Math.Max(last, _place.GetValueOrDefault(value, -1));
            foreach (Value read in value.Producer is { } producer ? TopologicalOrder.Reads(producer) : [])
                open.Push(read);
        }
        return last;
    }

    private BlockingOperator Describe(Node node, string reason, IReadOnlyList<TrainableCut> cuts)
    {
        string name = node.Domain.Length > 0 ? $"{node.Domain}.{node.OpType}" : node.OpType, output = node.Outputs[0]!.Name;
        string? free = cuts.Skip(1).FirstOrDefault(c => c.BlockedBy.Count == 0 && c.Parameters > 0)?.Value.Name;
        return new BlockingOperator(name, output, _survey.Paths.Describe(node.Outputs.First(o => o is not null && _survey.Paths.Reaches(o))!), reason, free is null
            ? $"Freeze everything before '{output}', or cut there and attach a head."
            : $"Freeze everything before '{free}' (--trainable from:{free}), or cut there.");
    }

    private int PlaceOf(Value value) => value.Producer is { } producer ? _order[producer] : -1;
}
