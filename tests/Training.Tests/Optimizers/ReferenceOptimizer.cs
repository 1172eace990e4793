namespace OnnxFineTune.Training.Tests;

/// <summary>The optimizers written out in double, one element at a time, from their papers.</summary>
internal sealed class ReferenceOptimizer(IOptimizer optimizer, double[] start)
{
    private readonly double[] _first = new double[start.Length], _second = new double[start.Length];
    private int _step;

    public double[] Parameters { get; } = [.. start];

    public void Step(double[] gradient, double rate)
    {
        _step++;
        for (int i = 0; i < gradient.Length; i++)
            Parameters[i] = optimizer switch
            {
                Sgd o => Sgd(o, i, gradient[i], rate),
                Adam o => Adam(i, gradient[i] + o.WeightDecay * Parameters[i], rate, o.Beta1, o.Beta2, o.Epsilon, Parameters[i]),
                AdamW { Form: AdamWForm.HuggingFace } o => HuggingFace(o, i, gradient[i], rate),
                AdamW o => Adam(i, gradient[i], rate, o.Beta1, o.Beta2, o.Epsilon, Parameters[i] - rate * o.WeightDecay * Parameters[i]),
                _ => throw new ArgumentException($"No reference for {optimizer}.", nameof(gradient)),
            };
    }

    private double Sgd(Sgd o, int i, double g, double rate)
    {
        g += o.WeightDecay * Parameters[i];
        _first[i] = o.Momentum * _first[i] + g;
        return Parameters[i] - rate * (o.Nesterov ? g + o.Momentum * _first[i] : _first[i]);
    }

    private double HuggingFace(AdamW o, int i, double g, double rate)
    {
        _first[i] = o.Beta1 * _first[i] + (1 - o.Beta1) * g;
        _second[i] = o.Beta2 * _second[i] + (1 - o.Beta2) * g * g;
        double size = rate * Math.Sqrt(1 - Math.Pow(o.Beta2, _step)) / (1 - Math.Pow(o.Beta1, _step));
        double moved = Parameters[i] - size * _first[i] / (Math.Sqrt(_second[i]) + o.Epsilon);
        return moved - rate * o.WeightDecay * moved;
    }

    private double Adam(int i, double g, double rate, double beta1, double beta2, double epsilon, double decayed)
    {
        _first[i] = beta1 * _first[i] + (1 - beta1) * g;
        _second[i] = beta2 * _second[i] + (1 - beta2) * g * g;
        double mean = _first[i] / (1 - Math.Pow(beta1, _step)), square = _second[i] / (1 - Math.Pow(beta2, _step));
        return decayed - rate * mean / (Math.Sqrt(square) + epsilon);
    }
}
