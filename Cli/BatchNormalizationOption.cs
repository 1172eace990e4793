using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>--batch-norm</c>: with which statistics BatchNormalization normalizes.</summary>
/// <param name="text">What the help says of it.</param>
internal sealed class BatchNormalizationOption(string text)
{
    private const string Batch = "batch";

    /// <summary>The option.</summary>
    public Option<string> Option { get; } = ChoiceOption.Of("--batch-norm", text, "frozen", "frozen", Batch);

    /// <summary>The mode.</summary>
    public BatchNormalizationMode Read(ParseResult parsed) => parsed.GetValue(Option) == Batch ? BatchNormalizationMode.Batch : BatchNormalizationMode.Frozen;
}
