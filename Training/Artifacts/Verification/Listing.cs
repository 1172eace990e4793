namespace OnnxFineTune.Training;

/// <summary>Names in a sentence.</summary>
internal static class Listing
{
    private const int Shown = 3;

    /// <summary>For example <c>'a', 'b', 'c' and 5 more</c>.</summary>
    public static string Of(IReadOnlyCollection<string> names)
    {
        string shown = string.Join(", ", names.Take(Shown).Select(n => $"'{n}'"));
        return names.Count > Shown ? $"{shown} and {names.Count - Shown} more" : shown;
    }

    /// <summary><c>is</c> or <c>are</c>.</summary>
    public static string Is(IReadOnlyCollection<string> names) => names.Count == 1 ? "is" : "are";

    /// <summary><c>has</c> or <c>have</c>.</summary>
    public static string Has(IReadOnlyCollection<string> names) => names.Count == 1 ? "has" : "have";
}
