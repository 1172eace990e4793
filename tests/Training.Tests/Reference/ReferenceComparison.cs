using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Our loss and gradients of a <see cref="TorchReference"/>, and how far they are from PyTorch's.</summary>
/// <param name="Loss">Our loss.</param>
/// <param name="Errors">‖ours − PyTorch's‖ / ‖PyTorch's‖ of each parameter's gradient.</param>
internal sealed record ReferenceComparison(float Loss, IReadOnlyDictionary<string, double> Errors)
{
    /// <summary>The median of <see cref="Errors"/>.</summary>
    public double Median => Errors.Values.Order().ElementAt(Errors.Count / 2);

    /// <summary>The parameter with the largest error.</summary>
    public KeyValuePair<string, double> Worst => Errors.MaxBy(e => e.Value);

    /// <summary>Builds forward, loss and backward for all parameters as one graph and runs it once.</summary>
    /// <param name="reference">The network.</param>
    /// <param name="roundingNoise">
    /// Gradients below this part of the largest count as 0, in PyTorch and here: a bias whose only reader is normalized by batch statistics has
    /// no influence, and its gradient is what rounding leaves.
    /// </param>
    public static ReferenceComparison Run(TorchReference reference, double roundingNoise = 0)
    {
        IReadOnlyDictionary<string, TensorData> expected = reference.Gradients;
        TrainingGraph graph = TrainingGraph.Build(reference.Model, new SoftmaxCrossEntropy(), expected.Keys);
        Assert.IsNull(graph.Frozen, "All parameters are trained, so nothing is frozen.");
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Value.Name, p => p.Initial);
        feeds[graph.Features[0].Name] = reference.Input;
        feeds[graph.Targets.Name] = reference.Labels;
        IReadOnlyDictionary<string, TensorData> actual = RuntimeSession.RunOnce(graph.Training, feeds);
        double floor = roundingNoise * expected.Values.Max(Norm);
        return new ReferenceComparison(
            actual[graph.Loss.Name].ToFloats()[0],
            graph.Parameters.ToDictionary(p => p.Name, p => RelativeError(expected[p.Name], actual[p.Gradient.Name], floor)));
    }

    private static double Norm(TensorData data) => Math.Sqrt(data.ToFloats().Sum(v => (double)v * v));

    private static double RelativeError(TensorData expected, TensorData actual, double floor)
    {
        Assert.AreEqual(expected.Shape, actual.Shape);
        float[] a = actual.ToFloats();
        float[] b = expected.ToFloats();
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.Length; i++)
        {
            difference += Math.Pow((double)a[i] - b[i], 2);
            norm += Math.Pow(b[i], 2);
        }
        return Math.Sqrt(norm) < floor && Norm(actual) < floor ? 0 : Math.Sqrt(difference / norm);
    }
}
