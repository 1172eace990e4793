using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Softmax regression written out in double: forward, cross-entropy, gradients, then a <see cref="ReferenceOptimizer"/>.</summary>
internal sealed class LinearReference(int features, int classes, IOptimizer optimizer, IReadOnlyDictionary<string, TensorData> start)
{
    private readonly ReferenceOptimizer _weight = new(optimizer, [.. start["head.weight"].ToFloats().Select(v => (double)v)]);
    private readonly ReferenceOptimizer _bias = new(optimizer, [.. start["head.bias"].ToFloats().Select(v => (double)v)]);

    /// <summary>Weight, then bias.</summary>
    public double[] Parameters => [.. _weight.Parameters, .. _bias.Parameters];

    /// <summary>One step; the loss before the update.</summary>
    public double Step(Batch batch, double rate, double maxNorm = double.PositiveInfinity)
    {
        double loss = 0;
        double[] weight = new double[classes * features], bias = new double[classes];
        for (int n = 0; n < batch.Count; n++)
        {
            ReadOnlySpan<float> x = batch.Inputs[0].Span.Slice(n * features, features);
            double[] logits = Logits(x);
            double logSum = Math.Log(logits.Sum(Math.Exp));
            int target = (int)batch.Targets.Span[n];
            loss -= (logits[target] - logSum) / batch.Count;
            for (int c = 0; c < classes; c++)
            {
                double d = (Math.Exp(logits[c] - logSum) - (c == target ? 1 : 0)) / batch.Count;
                bias[c] += d;
                for (int f = 0; f < features; f++)
                    weight[c * features + f] += d * x[f];
            }
        }
        double norm = Math.Sqrt(weight.Concat(bias).Sum(g => g * g));
        double factor = Math.Min(1, maxNorm / (norm + 1e-6));
        _weight.Step(Array.ConvertAll(weight, g => g * factor), rate);
        _bias.Step(Array.ConvertAll(bias, g => g * factor), rate);
        return loss;
    }

    private double[] Logits(ReadOnlySpan<float> x)
    {
        double[] logits = [.. _bias.Parameters];
        for (int c = 0; c < classes; c++)
            for (int f = 0; f < features; f++)
                logits[c] += _weight.Parameters[c * features + f] * x[f];
        return logits;
    }
}
