namespace OnnxFineTune.Training;

/// <summary>How much rounding changes a computed function, estimated from its values at equally spaced places that lie so near together that the function itself hardly bends.</summary>
/// <remarks>Moré and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011): differences of higher order leave the noise alone.</remarks>
internal static class RoundingNoise
{
    private const int Places = 8;
    private const int LowestOrder = 3;
    private const int HighestOrder = 5;

    /// <summary>The standard deviation of the rounding errors.</summary>
    /// <param name="function">The function.</param>
    /// <param name="spacing">The distance of the places.</param>
    public static double Of(Func<double, double> function, double spacing)
    {
        double[] differences = [.. Enumerable.Range(0, Places).Select(i => function((i - Places / 2) * spacing))];
        double largest = 0, scale = 1;      // scale: (order!)² / (2·order)!, which the mean square of the differences has to be multiplied by
        for (int order = 1; order <= HighestOrder; order++)
        {
            differences = [.. differences.Skip(1).Zip(differences, (next, value) => next - value)];
            scale *= order / (2.0 * (2 * order - 1));
            if (order >= LowestOrder)
                largest = Math.Max(largest, Math.Sqrt(scale * differences.Average(d => d * d)));
        }
        return largest;
    }
}
