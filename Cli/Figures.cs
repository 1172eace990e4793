using System.Globalization;

namespace OnnxFineTune.Cli;

/// <summary>How numbers look, the same in every verb and every language of the system.</summary>
internal static class Figures
{
    private const double LongestLoss = 10_000;

    /// <summary>For example <c>97.3 %</c>.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %");

    /// <summary>Four decimals, or the exponent where there would be no end of digits.</summary>
    public static string Loss(double loss) => loss.ToString(Math.Abs(loss) < LongestLoss ? "F4" : "E2", CultureInfo.InvariantCulture);

    /// <summary>For example <c>1,234,567</c>.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>For example <c>1 picture</c>, <c>500 pictures</c>.</summary>
    public static string Pictures(long number) => number == 1 ? "1 picture" : $"{Count(number)} pictures";

    /// <summary>For example <c>1 parameter</c>, <c>2,565 parameters</c>.</summary>
    public static string Parameters(long number) => number == 1 ? "1 parameter" : $"{Count(number)} parameters";

    /// <summary>For example <c>12.3 s</c>.</summary>
    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");

    /// <summary>In the unit that suits.</summary>
    public static string Bytes(long bytes) => bytes < 1 << 10 ? $"{bytes} bytes" : bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:N0} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");

    /// <summary>The first names, and how many more there are.</summary>
    public static string Names(IReadOnlyList<string> names, int most = 12) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $" and {Count(names.Count - most)} more" : "");
}
