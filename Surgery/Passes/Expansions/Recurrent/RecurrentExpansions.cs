namespace OnnxFineTune.Surgery;

/// <summary>LSTM, GRU and RNN, unrolled over a sequence of known length. Sequences of different lengths in one batch are told apart by masks.</summary>
internal static class RecurrentExpansions
{
    private const string KnownLength = "a sequence of known length";

    public static readonly IReadOnlyDictionary<(string, string), Expansion> All = new Dictionary<(string, string), Expansion>
    {
        [(Model.StandardDomain, "LSTM")] = (n, b) => Unroll(n, b, ["Sigmoid", "Tanh", "Tanh"], (w, h, a, i) => new LstmCell(n, b, w, h, a[3 * i], a[(3 * i) + 1], a[(3 * i) + 2])),
        [(Model.StandardDomain, "GRU")] = (n, b) => Unroll(n, b, ["Sigmoid", "Tanh"], (w, h, a, i) => new GruCell(n, b, w, h, a[2 * i], a[(2 * i) + 1])),
        [(Model.StandardDomain, "RNN")] = (n, b) => Unroll(n, b, ["Tanh"], (w, h, a, i) => new RnnCell(n, b, w, h, a[i])),
    };

    /// <summary>What an operator must have to be written out, for the table of gradients.</summary>
    public static readonly IReadOnlyDictionary<(string, string), string> Limits = new Dictionary<(string, string), string>
    {
        [(Model.StandardDomain, "LSTM")] = KnownLength,
        [(Model.StandardDomain, "GRU")] = KnownLength,
        [(Model.StandardDomain, "RNN")] = KnownLength,
    };

    private static string? Unroll(Node n, GraphBuilder b, string[] activations, Func<RecurrentWeights, long, RecurrentActivations, int, RecurrentCell> cell)
    {
        RecurrentForm form = new(n, b);
        RecurrentActivations functions = RecurrentActivations.Of(n, activations, form.Directions);
        if ((n.CallersAttribute() ?? form.Obstacle) is { } reason)
            return reason;
        if (functions.Unknown is { } unknown)
            return $"its activation function '{unknown}' is none of the standard's";
        Value x = form.Steps();
        RecurrentWeights[] weights = form.Weights();
        RecurrentState[] first = form.InitialStates(x);
        string prefix = b.Prefix;
        RecurrentRun[] runs = [.. weights.Select((w, i) => RecurrentRun.Of(b, form, cell(w, form.Hidden, functions, i), x, first[i], form.IsReverse(i)))];
        b.Prefix = prefix;
        n.ReplaceBy(n.Output(0) is null ? null : form.Sequence([.. runs.Select(r => r.Outputs)]),
            n.Output(1) is null ? null : form.Last([.. runs.Select(r => r.Last.H!)]),
            n.Output(2) is null ? null : form.Last([.. runs.Select(r => r.Last.C!)]));
        return null;
    }
}
