using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>How far gradients are from a reference.</summary>
/// <param name="Errors">‖actual − expected‖ / ‖expected‖ of each parameter's gradient.</param>
internal sealed record ReferenceComparison(IReadOnlyDictionary<string, double> Errors)
{
    /// <summary>The median of <see cref="Errors"/>.</summary>
    public double Median => Errors.Values.Order().ElementAt(Errors.Count / 2);

    /// <summary>The parameter with the largest error.</summary>
    public KeyValuePair<string, double> Worst => Errors.MaxBy(e => e.Value);

    /// <summary>Compares the gradients of all parameters; one below 1e-10 of the largest is zero but for rounding, and its error is taken relative to 1e-4 of the largest.</summary>
    public static ReferenceComparison Of(IReadOnlyDictionary<string, TensorData> actual, IReadOnlyDictionary<string, TensorData> expected)
    {
        Dictionary<string, double> norms = expected.ToDictionary(e => e.Key, e => Distance(null, e.Value));
        double largest = norms.Values.Max();
        return new ReferenceComparison(expected.ToDictionary(e => e.Key, e => Distance(actual[e.Key], e.Value) / (norms[e.Key] < 1e-10 * largest ? 1e-4 * largest : norms[e.Key])));
    }

    /// <summary>Median and worst.</summary>
    public override string ToString() => $"{Median:0.0e0}, {Worst.Value:0.0e0}";

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
