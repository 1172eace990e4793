using System.Globalization;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary>Reads <c>--head linear | mlp:256,128 | conv</c>.</summary>
internal static class HeadOption
{
    /// <summary>Makes the head once the number of classes is known.</summary>
    public static Func<int, IHead> Parse(string text, float dropout, int seed)
    {
        string[] parts = text.Split(':', 2);
        switch (parts[0])
        {
            case "linear" when parts.Length == 1:
                return classes => new LinearHead(classes) { Dropout = dropout, Seed = seed };
            case "conv" when parts.Length == 1:
                return classes => new ConvHead(classes) { Dropout = dropout, Seed = seed };
            case "mlp" when parts.Length == 2:
                int[] hidden = [.. parts[1].Split(',').Select(Size)];
                return classes => new MlpHead(classes, hidden) { Dropout = dropout, Seed = seed };
            default:
                throw new UsageException($"There is no head '{text}': linear, conv, or mlp with its hidden sizes, for example mlp:256,128.");
        }
    }

    private static int Size(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size > 0 ? size
        : throw new UsageException($"'{text}' is no size of a hidden layer: give whole numbers above 0, for example mlp:256,128.");
}
