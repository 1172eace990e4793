using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The optimizer model's one node, written out from the description of ONNX Runtime's operators.</summary>
internal sealed class SimulatedOptimizer
{
    private readonly Node _node;
    private readonly float? _maxNorm;
    private readonly string[] _keys;
    private readonly Dictionary<string, float[][]> _moments;

    /// <summary>Reads the model, whose inputs must have their names in their order.</summary>
    public SimulatedOptimizer(Model model, OptimizerGroup? state, Dictionary<string, int> lengths)
    {
        _node = model.Graph.Nodes.Single(n => n.OpType is "AdamWOptimizer" or "SGDOptimizerV2");
        bool adam = _node.OpType == "AdamWOptimizer";
        string[] expected = ["learning_rate", "step", "params", "gradients", "first_order_moments", .. adam ? ["second_order_moments"] : Array.Empty<string>()];
        CollectionAssert.AreEqual(expected, model.Graph.Inputs.Select(v => v.Name).ToArray(), "the inputs of the optimizer model");
        _maxNorm = model.Graph.Nodes.SingleOrDefault(n => n.OpType == "InplaceClipGradNorm")?.Attributes.Float("max_norm");
        _keys = adam ? ["momentum0", "momentum1"] : ["momentum0"];
        _moments = lengths.ToDictionary(p => p.Key, p => _keys.Select(k => state is null ? new float[p.Value] : state.Moments[p.Key][k].ToFloats()).ToArray());
        (Step, InitialLearningRate) = (state?.Step ?? 0, state?.InitialLearningRate ?? 0.001f);
    }

    public long Step { get; private set; }

    public float LearningRate { get; set; } = 0.001f;

    public float InitialLearningRate { get; set; }

    /// <summary>New values of all parameters.</summary>
    public IEnumerable<(string Name, float[] Value)> Update(IReadOnlyList<(string Name, float[] Value, float[] Gradient)> parameters)
    {
        double norm = Math.Sqrt(parameters.Sum(p => p.Gradient.Sum(g => (double)g * g)));
        double factor = _maxNorm is { } max ? Math.Min(1, max / (norm + 1e-6)) : 1;
        foreach ((string name, float[] value, float[] gradient) in parameters)
            for (int i = 0; i < value.Length; i++)
                value[i] = (float)(_keys.Length == 2 ? AdamW(_moments[name], i, value[i], gradient[i] * factor) : value[i] - LearningRate * gradient[i] * factor);
        Step++;
        return parameters.Select(p => (p.Name, p.Value));
    }

    /// <summary>The state as it stands in a checkpoint.</summary>
    public OptimizerGroup State(Func<string, Shape> shape) => new()
    {
        Step = Step,
        InitialLearningRate = InitialLearningRate,
        Moments = _moments.ToDictionary(p => p.Key, IReadOnlyDictionary<string, TensorData> (p) =>
            _keys.Zip(p.Value).ToDictionary(m => m.First, m => TensorData.FromFloats(m.Second, shape(p.Key).ToArray()))),
    };

    private double AdamW(float[][] moments, int i, double p, double g)
    {
        double alpha = _node.Attributes.Float("alpha", 0.9f), beta = _node.Attributes.Float("beta", 0.999f), epsilon = _node.Attributes.Float("epsilon", 1e-6f);
        double decay = _node.Attributes.Float("weight_decay"), lr = LearningRate;
        double m = alpha * moments[0][i] + (1 - alpha) * g, v = beta * moments[1][i] + (1 - beta) * g * g;
        (moments[0][i], moments[1][i]) = ((float)m, (float)v);
        double c1 = 1 - Math.Pow(alpha, Step + 1), c2 = 1 - Math.Pow(beta, Step + 1);
        if (_node.Attributes.Int("adam_mode") == 0)
            return p * (1 - lr * decay) - lr / c1 * m / (Math.Sqrt(v) / Math.Sqrt(c2) + epsilon);
        p -= lr * Math.Sqrt(c2) / c1 * m / (Math.Sqrt(v) + epsilon);
        return p - lr * decay * p;
    }
}
