using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>How far our gradients are from those of PyTorch in float32.</summary>
/// <param name="Errors">‖ours − PyTorch's‖ / ‖PyTorch's‖ of each parameter's gradient.</param>
internal sealed record ReferenceComparison(IReadOnlyDictionary<string, double> Errors)
{
    /// <summary>The median of <see cref="Errors"/>.</summary>
    public double Median => Errors.Values.Order().ElementAt(Errors.Count / 2);

    /// <summary>The parameter with the largest error.</summary>
    public KeyValuePair<string, double> Worst => Errors.MaxBy(e => e.Value);

    /// <summary>Compares the gradients of all parameters.</summary>
    public static ReferenceComparison Of(ReferenceRun run, TorchReference reference) =>
        new(reference.Gradients.ToDictionary(e => e.Key, e => Distance(run.Gradients[e.Key], e.Value) / Distance(null, e.Value)));

    /// <summary>‖actual − expected‖, both float32 or float64; ‖expected‖ where there is no actual gradient.</summary>
    public static double Distance(TensorData? actual, TensorData expected)
    {
        double[] difference = ToDoubles(expected);
        if (actual is not null)
        {
            Assert.AreEqual(expected.Shape, actual.Shape);
            double[] values = ToDoubles(actual);
            for (int i = 0; i < difference.Length; i++)
                difference[i] -= values[i];
        }
        return Math.Sqrt(difference.Sum(d => d * d));
    }

    private static double[] ToDoubles(TensorData data) =>
        data.ElementType == ElementType.Double ? data.Span<double>().ToArray() : Array.ConvertAll(data.ToFloats(), v => (double)v);
}
