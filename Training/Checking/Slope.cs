namespace OnnxFineTune.Training;

/// <summary>The slope of a function at 0 from its values nearby.</summary>
/// <param name="Value">The slope; at a kink the mean of the two.</param>
/// <param name="Uncertainty">What rounding of the function and its curvature may have done to it.</param>
/// <param name="Low">The smaller of the slopes to the left and to the right where these differ, else <see cref="Value"/>.</param>
/// <param name="High">The larger.</param>
internal readonly record struct Slope(double Value, double Uncertainty, double Low, double High)
{
    /// <summary>Steps are divided by this until rounding weighs more than curvature.</summary>
    private const double Ratio = 2;

    private const int MostSteps = 9;
    private const int HighestOrder = 3;
    private const double Deviations = 4;

    /// <summary>A kink keeps the difference of the two slopes from step to step; curvature halves it.</summary>
    private const double KinkRatio = 0.8;

    /// <summary>Whether the slopes to the left and to the right differ however small the step.</summary>
    public bool IsKink => Low < High;

    /// <summary>How far a number is from being this slope; 0 between the two slopes of a kink.</summary>
    public double DistanceTo(double slope) => IsKink ? Math.Max(0, Math.Max(Low - slope, slope - High)) : Math.Abs(slope - Value);

    /// <summary>
    /// Central differences with ever smaller steps, extrapolated to step 0; of all of them the one whose estimated error (from its neighbours, and from the rounding of the function) is the
    /// smallest.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="atZero">Its value at 0.</param>
    /// <param name="step">The first step, the largest.</param>
    /// <param name="noise">Standard deviation of the function's rounding errors.</param>
    /// <param name="enough">An uncertainty that needs no further steps.</param>
    /// <remarks>Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software 4 (1982).</remarks>
    public static Slope Of(Func<double, double> function, double atZero, double step, double noise, double enough)
    {
        List<double[]> table = [];
        Slope best = new(0, double.PositiveInfinity, 0, 0);
        double previousBend = 0;
        for (int k = 0; k < MostSteps; k++, step /= Ratio)
        {
            (double after, double before) = (function(step), function(-step));
            double right = (after - atZero) / step, left = (atZero - before) / step, rounding = Deviations * noise / step;
            table.Add(Extrapolated((after - before) / (2 * step), table));
            double bend = right - left, gap = Math.Abs(bend);
            if (k > 0)
            {
                bool isKink = gap > KinkRatio * Math.Abs(previousBend) && gap > 4 * rounding;
                double kinks = Math.Abs(bend - previousBend / Ratio);       // what is not curvature: kinks between the places
                Slope slope = Best(table[k], table[k - 1], rounding + kinks);
                if (isKink)
                    slope = slope with { Value = (left + right) / 2, Low = Math.Min(left, right), High = Math.Max(left, right), Uncertainty = rounding + Math.Abs(bend - previousBend) };
                if (isKink && best.IsKink || slope.Uncertainty < best.Uncertainty)
                    best = slope;
                if (k > 1 && !isKink && best.Uncertainty <= enough || rounding > best.Uncertainty)
                    break;
            }
            previousBend = bend;
        }
        return best;
    }

    /// <summary>A row of the table: the difference, then what it gives together with those of larger steps when their error terms h², h⁴, h⁶ are eliminated.</summary>
    private static double[] Extrapolated(double difference, List<double[]> table)
    {
        double[] row = new double[Math.Min(table.Count, HighestOrder) + 1];
        row[0] = difference;
        for ((int j, double factor) = (1, Ratio * Ratio); j < row.Length; j++, factor *= Ratio * Ratio)
            row[j] = row[j - 1] + (row[j - 1] - table[^1][j - 1]) / (factor - 1);
        return row;
    }

    private static Slope Best(double[] row, double[] previous, double certain)
    {
        Slope best = new(0, double.PositiveInfinity, 0, 0);
        for (int j = 0; j < row.Length; j++)
        {
            double error = certain + 2 * (j == 0 ? Math.Abs(row[0] - previous[0]) : Math.Max(Math.Abs(row[j] - row[j - 1]), Math.Abs(row[j] - previous[j - 1])));
            if (error < best.Uncertainty)
                best = new Slope(row[j], error, row[j], row[j]);
        }
        return best;
    }
}
