namespace OnnxFineTune.Training;

/// <summary>An input or output of an operator.</summary>
/// <param name="Name">The standard's name for it.</param>
/// <param name="IsReal">Whether it may hold floating-point numbers, in a sequence perhaps.</param>
/// <param name="IsOptional">Whether it may be left out.</param>
/// <param name="IsRepeated">Whether any number of values may stand here.</param>
internal sealed record OperatorPort(string Name, bool IsReal, bool IsOptional, bool IsRepeated)
{
    /// <summary>Reads a word of <see cref="StandardOperator.All"/>'s resource, such as <c>B?</c> or <c>axes?:-</c>.</summary>
    public static OperatorPort Parse(string word)
    {
        string[] parts = word.Split(':');
        return new OperatorPort(parts[0].TrimEnd('?', '*'), parts.Length == 1, parts[0].EndsWith('?'), parts[0].EndsWith('*'));
    }
}

/// <summary>An operator of ai.onnx as the standard declares it.</summary>
internal sealed record StandardOperator(string Name, int Since, IReadOnlyList<OperatorPort> Inputs, IReadOnlyList<OperatorPort> Outputs, bool IsDeprecated)
{
    /// <summary>The newest version of ai.onnx that the runtime takes.</summary>
    public const int NewestOpset = 26;

    private const string Resource = "StandardOperators.txt";
    private const string Deprecated = "deprecated";

    /// <summary>Every operator, by name.</summary>
    public static IReadOnlyList<StandardOperator> All { get; } = [.. Read().Where(l => !l.StartsWith('#')).Select(Parse)];

    private static StandardOperator Parse(string line)
    {
        string[] words = line.Split(' ');
        int arrow = Array.IndexOf(words, "->");
        bool isDeprecated = words[^1] == Deprecated;
        return new StandardOperator(words[0], int.Parse(words[1]), [.. words[2..arrow].Select(OperatorPort.Parse)],
            [.. words[(arrow + 1)..^(isDeprecated ? 1 : 0)].Select(OperatorPort.Parse)], isDeprecated);
    }

    private static IEnumerable<string> Read()
    {
        using Stream stream = typeof(StandardOperator).Assembly.GetManifestResourceStream(typeof(StandardOperator), Resource)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
