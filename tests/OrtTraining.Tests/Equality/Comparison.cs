using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Parameters of two runs side by side.</summary>
internal static class Comparison
{
    /// <summary>The largest difference of losses and of any parameter that is allowed, absolute.</summary>
    public const float Tolerance = 1e-5f;

    /// <summary>Fails where any element of any parameter differs by more than <see cref="Tolerance"/>, naming the one that differs most.</summary>
    public static void AreEqual(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual, string when)
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray(), when);
        (string name, float difference) = expected.Keys.Select(n => (n, LargestDifference(expected[n], actual[n]))).MaxBy(d => d.Item2);
        Assert.IsLessThanOrEqualTo(Tolerance, difference, $"{when}: '{name}' differs most");
    }

    /// <summary>The largest difference of any element.</summary>
    public static float LargestDifference(TensorData expected, TensorData actual)
    {
        Assert.AreEqual(expected.Shape, actual.Shape);
        ReadOnlySpan<float> a = expected.Span<float>(), b = actual.Span<float>();
        float largest = 0;
        for (int i = 0; i < a.Length; i++)
        {
            float difference = MathF.Abs(a[i] - b[i]);
            largest = difference > largest || float.IsNaN(difference) ? difference : largest;
        }
        return largest;
    }
}
