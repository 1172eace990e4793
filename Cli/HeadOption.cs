using System.Globalization;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary>What <c>--head</c> says: <c>linear</c>, <c>conv</c> or <c>mlp:256,128</c>, with the number of classes behind it where one is given, as in <c>linear:5</c>.</summary>
/// <param name="Text">As given.</param>
/// <param name="Hidden">Sizes of the hidden layers of an mlp; else empty.</param>
/// <param name="Classes">The number of classes, or null.</param>
internal sealed record HeadOption(string Text, IReadOnlyList<int> Hidden, int? Classes)
{
    /// <summary>Reads the text of the option.</summary>
    /// <exception cref="UsageException">It describes no head.</exception>
    public static HeadOption Parse(string text)
    {
        string[] parts = text.Split(':');
        bool isMlp = parts[0] == "mlp";
        int withoutClasses = isMlp ? 2 : 1;
        if (parts[0] is not ("linear" or "conv" or "mlp") || parts.Length < withoutClasses || parts.Length > withoutClasses + 1)
            throw new UsageException($"There is no head '{text}': linear, conv, or mlp with its hidden sizes, for example mlp:256,128.");
        int[] hidden = isMlp ? [.. parts[1].Split(',').Select(s => Number(s, "is no size of a hidden layer: give whole numbers above 0, for example mlp:256,128"))] : [];
        int? classes = parts.Length > withoutClasses ? Number(parts[^1], $"is no number of classes: give a whole number above 0, for example {string.Join(':', parts[..^1])}:5") : null;
        return new HeadOption(text, hidden, classes);
    }

    /// <summary>The head that is described, for a number of classes.</summary>
    public IHead Build(int classes, float dropout, int seed) => Text.Split(':')[0] switch
    {
        "linear" => new LinearHead(classes) { Dropout = dropout, Seed = seed },
        "conv" => new ConvHead(classes) { Dropout = dropout, Seed = seed },
        _ => new MlpHead(classes, [.. Hidden]) { Dropout = dropout, Seed = seed },
    };

    private static int Number(string text, string error) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
        : throw new UsageException($"'{text}' {error}.");
}
