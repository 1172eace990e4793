using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Divides examples into a training and a validation part with the same share of every class.</summary>
public static class StratifiedSplit
{
    /// <summary>Divides a data set; the order within each part is the data set's.</summary>
    /// <param name="dataset">The examples.</param>
    /// <param name="fraction">Share of the validation part, 0 to below 1.</param>
    /// <param name="seed">Which examples: the same seed, the same parts.</param>
    public static (DatasetSubset Training, DatasetSubset Validation) Of(IDataset dataset, double fraction, int seed)
    {
        (int[] training, int[] validation) = Of([.. Enumerable.Range(0, dataset.Count).Select(i => dataset.ClassOf(i) ?? 0)], fraction, seed);
        return (new DatasetSubset(dataset, training), new DatasetSubset(dataset, validation));
    }

    /// <summary>Divides the indices 0 … n − 1.</summary>
    /// <param name="classes">The class of each example; all the same where there are no classes.</param>
    /// <param name="fraction">Share of the validation part, 0 to below 1.</param>
    /// <param name="seed">Which examples: the same seed, the same parts.</param>
    /// <returns>
    /// Both parts, ascending. Where the fraction is not 0, each class with two examples or more is in both; one with a single example is in training.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is out of range.</exception>
    public static (int[] Training, int[] Validation) Of(IReadOnlyList<int> classes, double fraction, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fraction, 1);
        SeededRandom random = new(seed);
        List<int> training = [];
        List<int> validation = [];
        foreach (IGrouping<int, int> group in Enumerable.Range(0, classes.Count).GroupBy(i => classes[i]).OrderBy(g => g.Key))
        {
            int[] members = [.. group];
            random.Shuffle(members.AsSpan());
            int held = ValidationCount(members.Length, fraction);
            validation.AddRange(members[..held]);
            training.AddRange(members[held..]);
        }
        return ([.. training.Order()], [.. validation.Order()]);
    }

    private static int ValidationCount(int members, double fraction) =>
        fraction == 0 || members < 2 ? 0 : Math.Clamp((int)Math.Round(members * fraction), 1, members - 1);
}
