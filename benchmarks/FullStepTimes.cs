using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxFineTune.Benchmarks;

/// <summary>How long steps took.</summary>
/// <param name="Milliseconds">Of each step.</param>
/// <param name="BuildingSeconds">To read the model and make the training graph.</param>
/// <param name="PeakMegabytes">Peak resident memory of the process.</param>
internal sealed partial record FullStepTimes(IReadOnlyList<double> Milliseconds, double BuildingSeconds, long PeakMegabytes)
{
    /// <summary>The middle one.</summary>
    public double Median => Milliseconds.Order().ElementAt(Milliseconds.Count / 2);

    /// <summary>The line that a process prints for the one that started it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"full step: median {Median:F1} ms, least {Milliseconds.Min():F1} ms; training graph {BuildingSeconds:F2} s; peak memory: {PeakMegabytes} MiB");

    /// <summary>Median and peak of a program's output: the line above, or what a peer prints.</summary>
    /// <exception cref="InvalidOperationException">It prints none.</exception>
    public static (double Median, long Peak) Read(string program, string output)
    {
        Match time = Step().Match(output), peak = Memory().Match(output);
        return time.Success && peak.Success ? (double.Parse(time.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(peak.Groups[1].Value, CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"{program} printed no time of a full step: {output}");
    }

    [GeneratedRegex(@"full .*?step: (?:median )?([0-9.]+) ms")]
    private static partial Regex Step();

    [GeneratedRegex(@"memory: (\d+) MiB")]
    private static partial Regex Memory();
}
