namespace OnnxFineTune.Training;

/// <summary>The equation of an Einsum with every axis named by a letter, an ellipsis too.</summary>
/// <param name="Operands">The labels of each operand, one letter an axis.</param>
/// <param name="Output">The labels of the result.</param>
internal sealed record EinsumEquation(IReadOnlyList<string> Operands, string Output)
{
    private const string Ellipsis = "...";

    /// <summary>Reads an equation such as <c>bij,bjk->bik</c>, <c>...ij->...ji</c> or, without a result, <c>ij,jk</c>.</summary>
    /// <param name="text">The attribute.</param>
    /// <param name="ranks">Rank of each operand, from which the number of axes behind an ellipsis follows.</param>
    public static EinsumEquation Parse(string text, IReadOnlyList<int> ranks)
    {
        string[] sides = text.Replace(" ", "", StringComparison.Ordinal).Split("->");
        string[] terms = sides[0].Split(',');
        int[] hidden = [.. terms.Select((t, i) => t.Contains(Ellipsis, StringComparison.Ordinal) ? ranks[i] - (t.Length - Ellipsis.Length) : 0)];
        string letters = Unused(text, hidden.Max());
        string output = sides.Length > 1 ? sides[1] : Implied(terms);
        return new EinsumEquation(
            [.. terms.Select((t, i) => t.Replace(Ellipsis, letters[^hidden[i]..], StringComparison.Ordinal))],
            output.Replace(Ellipsis, letters, StringComparison.Ordinal));
    }

    /// <summary>Letters for the axes behind the longest ellipsis; shorter ones are laid against its end.</summary>
    private static string Unused(string text, int count) =>
        new([.. "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".Where(letter => !text.Contains(letter)).Take(count)]);

    /// <summary>Without a result: the ellipsis, then all labels that occur once, in alphabetical order.</summary>
    private static string Implied(string[] terms)
    {
        string all = string.Concat(terms);
        string once = new([.. all.Where(char.IsLetter).GroupBy(label => label).Where(same => same.Count() == 1).Select(same => same.Key).Order()]);
        return all.Contains(Ellipsis, StringComparison.Ordinal) ? Ellipsis + once : once;
    }
}
