namespace OnnxFineTune.Surgery;

/// <summary>The activation functions of recurrent operators, by the standard's names; case does not matter.</summary>
internal sealed class RecurrentActivations
{
    private readonly List<Func<GraphBuilder, Value, Value>> _functions = [];

    private RecurrentActivations()
    {
    }

    /// <summary>The first name that is none of the standard's, or null.</summary>
    public string? Unknown { get; private init; }

    /// <summary>Function number <paramref name="index"/>: of the first direction, then of the second.</summary>
    public Func<GraphBuilder, Value, Value> this[int index] => _functions[index];

    /// <summary>Reads the attributes of a node; alphas and betas go in turn to the functions that have one.</summary>
    /// <param name="defaults">Names for each direction where the node has none.</param>
    public static RecurrentActivations Of(Node node, IReadOnlyList<string> defaults, int directions)
    {
        string[] names = node.Attributes["activations"]?.Content is byte[][] given ? Array.ConvertAll(given, System.Text.Encoding.UTF8.GetString) : [];
        if (names.Length == 0)
            names = [.. Enumerable.Repeat(defaults, directions).SelectMany(d => d)];
        Queue<float> alphas = new(node.Attributes.Floats("activation_alpha") ?? []), betas = new(node.Attributes.Floats("activation_beta") ?? []);
        RecurrentActivations activations = new() { Unknown = names.FirstOrDefault(n => Find(n, new(), new()) is null) };
        if (activations.Unknown is null)
            activations._functions.AddRange(names.Select(n => Find(n, alphas, betas)!));
        return activations;
    }

    private static Func<GraphBuilder, Value, Value>? Find(string name, Queue<float> alphas, Queue<float> betas)
    {
        switch (name.ToLowerInvariant())
        {
            case "relu": return (b, x) => b.Relu(x);
            case "tanh": return (b, x) => b.Tanh(x);
            case "sigmoid": return (b, x) => b.Sigmoid(x);
            case "softsign": return (b, x) => b.Op("Softsign", [x]);
            case "softplus": return (b, x) => b.Op("Softplus", [x]);
            case "leakyrelu": return WithAlpha("LeakyRelu", Next(alphas, 0.01f));
            case "thresholdedrelu": return WithAlpha("ThresholdedRelu", Next(alphas, 1));
            case "elu": return WithAlpha("Elu", Next(alphas, 1));
        }
        float alpha, beta;
        switch (name.ToLowerInvariant())
        {
            case "affine":
                (alpha, beta) = (Next(alphas, 1), Next(betas, 0));
                return (b, x) => b.Add(b.Mul(x, b.ScalarLike(alpha, x)), b.ScalarLike(beta, x));
            case "scaledtanh":
                (alpha, beta) = (Next(alphas, 1), Next(betas, 1));
                return (b, x) => b.Mul(b.Tanh(b.Mul(x, b.ScalarLike(beta, x))), b.ScalarLike(alpha, x));
            case "hardsigmoid":
                (alpha, beta) = (Next(alphas, 0.2f), Next(betas, 0.5f));
                return (b, x) => b.HardSigmoid(x, alpha, beta);
            default:
                return null;
        }
    }

    private static Func<GraphBuilder, Value, Value> WithAlpha(string opType, float alpha) => (b, x) => b.Op(opType, [x], ("alpha", alpha));

    private static float Next(Queue<float> values, float fallback) => values.TryDequeue(out float value) ? value : fallback;
}
